# frozen_string_literal: true

require_relative "helper"

# Signals belong to the host.
class TestSignal < EngineTest
  NAMES = %w[USR1 USR2 HUP CHLD WINCH].freeze
  ROUNDS = 10_000

  # Each signal is sent when the one before was handled, so that none may get lost.
  def test_ten_thousand_signals_during_traffic_reach_the_handlers_of_the_host
    engine
    counts = NAMES.to_h { |name| [name, 0] }
    handlers = NAMES.to_h { |name| [name, proc { counts[name] += 1 }] }
    before = handlers.to_h { |name, handler| [name, trap(name, handler)] }
    sender = Thread.new { send_signals(counts) }
    traffic = Array.new(2) { Thread.new { echo_while(sender) } }
    calls = 0
    calls += 1 while sender.alive? && probe(way: %i[direct instant submitted][calls % 3], do: "nothing")
    [sender, *traffic].each(&:value)
    assert_equal ROUNDS, counts.values.sum
    assert_operator calls, :>, 100
    handlers.each { |name, handler| assert_same handler, trap(name, handler) }
  ensure
    before&.each { |name, handler| trap(name, handler || "DEFAULT") }
  end

  private

  def echo_while(thread)
    n = 0
    assert_equal "t#{n += 1}", probe(do: "echo", text: "t#{n}")["text"] while thread.alive?
  end

  def send_signals(counts)
    ROUNDS.times do |n|
      name = NAMES[n % NAMES.size]
      seen = counts[name]
      Process.kill(name, Process.pid)
      Thread.pass while counts[name] == seen
    end
  end
end
