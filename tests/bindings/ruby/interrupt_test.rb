# frozen_string_literal: true

require_relative "helper"
require_relative "scheduler"

# Who waits can be interrupted, and harms nobody by it. Every wait here would last
# ten minutes: a test that ends has shown that it was ended.
class TestInterrupt < EngineTest
  LONG = 600_000

  def test_ctrl_c_ends_a_wait_for_a_task
    assert_ctrl_c_ends "engine.task_wait(task_id: #{start}, wait_ms: #{LONG})"
  end

  def test_ctrl_c_ends_a_wait_for_work
    assert_ctrl_c_ends "engine.step_claim(wait_ms: #{LONG}, worker_id: " \
                       "engine.worker_register(handlers: [{ namespace: 'test' }])['worker_id'])"
  end

  def test_timeout_ends_a_wait
    task = start
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { engine.task_wait(task_id: task, wait_ms: LONG) } }
    assert_equal "pending", engine.task_get(task_id: task)["state"]
  end

  # What all these tests would see if waits were named calls.
  def test_a_wait_inside_the_library_would_last
    engine
    began = Time.now
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { probe(do: "wait", wait_ms: 500) } }
    assert_operator Time.now - began, :>=, 0.5
  end

  def test_a_killed_thread_ends_at_once_and_others_wait_on
    task = start
    killed, *others = Array.new(4) { Thread.new { engine.task_wait(task_id: task, wait_ms: LONG) } }
    eventually { killed.status == "sleep" }
    killed.kill
    assert killed.join(PATIENCE)
    finish(task)
    others.each { |thread| refute thread.value["timed_out"] }
  end

  def test_an_interrupted_claim_gives_back_what_it_got
    id = worker
    20.times do
      assert_raises(Timeout::Error) { Timeout.timeout(0.005) { engine.step_claim(worker_id: id, wait_ms: LONG) } }
    end
    threads = Array.new(10) { Thread.new { engine.step_claim(worker_id: id, wait_ms: LONG) } }
    task = start
    threads.each(&:kill).each { |thread| assert thread.join(PATIENCE) }
    taken = threads.filter_map { |thread| thread.value&.fetch("steps")&.first }
    finish(task) if taken.empty?
    assert_operator taken.size, :<=, 1
    assert_equal taken.size, engine.engine_health["leased_steps"]
  end

  def test_closing_ends_the_waits_of_other_threads
    task = start
    threads = Array.new(4) { Thread.new { engine.task_wait(task_id: task, wait_ms: LONG) }.tap { |t| t.report_on_exception = false } }
    eventually { threads.all? { |thread| thread.status == "sleep" } }
    engine.close
    threads.each { |thread| assert_raises(TaskerCore::ClosedError) { thread.value } }
  end

  def test_interrupt_ends_waits_and_later_ones_wait_again
    task = start
    thread = Thread.new { engine.task_wait(task_id: task, wait_ms: LONG) }.tap { |t| t.report_on_exception = false }
    eventually { engine.interrupt || !thread.alive? }
    assert_raises(TaskerCore::CallCancelledError) { thread.value }
    assert engine.task_wait(task_id: task, wait_ms: 10)["timed_out"]
  end

  def test_many_threads_wait_and_call_at_once
    task = start
    waiters = Array.new(8) { Thread.new { engine.task_wait(task_id: task, wait_ms: LONG) } }
    callers = Array.new(4) { Thread.new { Array.new(50) { |n| probe(way: :submitted, do: "echo", text: "n#{n}")["text"] } } }
    callers.each { |thread| assert_equal Array.new(50) { |n| "n#{n}" }, thread.value }
    finish(task)
    waiters.each { |thread| refute thread.value["timed_out"] }
  end

  def test_threads_that_are_interrupted_all_the_time_take_nobodys_answer
    victims = Array.new(4) do
      Thread.new { loop { Timeout.timeout(0.001 + (rand * 0.01)) { loop { probe(way: :submitted, do: "wait", wait_ms: 3) } } rescue nil } }
    end
    texts = Array.new(300) { |n| probe(way: :submitted, do: "echo", text: "n#{n}")["text"] }
    victims.each(&:kill).each { |thread| assert thread.join(PATIENCE) }
    assert_equal Array.new(300) { |n| "n#{n}" }, texts
  end

  def test_fibers_call_like_threads
    task = start
    fibers = Array.new(20) { |n| Fiber.new { Fiber.yield(probe(do: "echo", text: "f#{n}")["text"]) && engine.task_wait(task_id: task, wait_ms: 5) } }
    assert_equal Array.new(20) { |n| "f#{n}" }, fibers.map(&:resume)
    assert_equal [true], fibers.map { |fiber| fiber.resume(true)["timed_out"] }.uniq
  end

  def test_in_a_fiber_scheduler_calls_run_side_by_side
    task = start
    order = []
    in_scheduler do
      Fiber.schedule { order << (engine.task_wait(task_id: task, wait_ms: LONG)["timed_out"] ? "timeout" : "waited") }
      Fiber.schedule { probe(do: "wait", wait_ms: 200) && order << "slow" }
      Fiber.schedule { probe(do: "wait", wait_ms: 20) && order << "quick" }
      Fiber.schedule { sleep(0.3) && finish(task) && order << "finished" }
    end
    assert_equal %w[finished quick slow waited], order.sort
    assert_equal %w[quick slow], order.first(2)
  end

  def test_closing_inside_a_fiber_scheduler_ends_the_waits_of_its_fibers
    task = start
    seen = []
    in_scheduler do
      Fiber.schedule do
        engine.task_wait(task_id: task, wait_ms: LONG)
      rescue TaskerCore::ClosedError
        seen << "closed"
      end
      Fiber.schedule { sleep(0.05) && engine.close }
    end
    assert_equal ["closed"], seen
  end

  private

  def assert_ctrl_c_ends(wait)
    code = <<~RUBY
      TaskerCore::Engine.open(ARGV[0]) do |engine|
        Thread.new { sleep 0.2; puts "waiting" }
        begin
          #{wait}
        rescue Interrupt
          puts "interrupted", engine.engine_config_get.key?("items"), engine.worker_list.key?("items")
        end
      end
    RUBY
    program(code) do |io|
      assert_equal "waiting\n", io.gets
      Process.kill(:INT, io.pid)
      assert_equal "interrupted\ntrue\ntrue\n", io.read
    end
  end
end
