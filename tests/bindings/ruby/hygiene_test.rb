# frozen_string_literal: true

require_relative "helper"

# What requiring and opening leave alone, seen by a program of their own.
class TestHygiene < EngineTest
  LOOK = <<~'RUBY'
    require "ffi"
    module C
      extend FFI::Library
      ffi_lib FFI::Library::LIBC
      attach_function :setlocale, %i[int string], :string
    end
    SIGNALS = %w[INT TERM CHLD PIPE HUP]
    # The bits of these signals in one mask of the process.
    def bits(name, signals = SIGNALS)
      mask = File.read("/proc/self/status")[/^#{name}:\s*(\h+)/, 1].hex
      signals.select { |signal| mask[Signal.list[signal] - 1] == 1 }
    end
    def look
      { limit: Process.getrlimit(:NOFILE), caught: bits("SigCgt"), ignored: bits("SigIgn"),
        blocked: bits("SigBlk", Signal.list.keys - ["EXIT"]), environment: ENV.to_h, locale: C.setlocale(6, nil), folder: Dir.pwd,
        umask: File.umask }
    end
    def loaded? = File.read("/proc/self/maps").match?(/tasker/)
  RUBY

  def test_requiring_loads_nothing_and_starts_nothing
    said = said_by(<<~RUBY)
      puts File.read("/proc/self/maps").match?(/tasker/), Dir["/proc/self/task/*"].size
    RUBY
    assert_equal "false", said.lines.first.strip
    assert_operator said.lines.last.to_i, :<=, 2 # Ruby's own
  end

  def test_opening_changes_nothing_of_the_host
    said = said_by(<<~RUBY)
      #{LOOK}
      soft, hard = Process.getrlimit(:NOFILE)
      Process.setrlimit(:NOFILE, [soft, hard - 1].min / 2, hard)
      trap("HUP", "IGNORE")
      trap("TERM") { }
      before = look
      TaskerCore::Engine.open(ARGV[0]) do |engine|
        puts loaded?
        engine.schema_status
        sleep 0.2 # for what a runtime does later
        after = look
        before.each { |name, value| puts "\#{name}: \#{value} -> \#{after[name]}" unless value == after[name] }
      end
      after = look
      before.each { |name, value| puts "closed, \#{name}: \#{value} -> \#{after[name]}" unless value == after[name] }
    RUBY
    assert_equal "true\n", said
  end

  def test_variables_that_the_host_sets_later_are_seen
    said = said_by(<<~RUBY)
      path = ARGV[0] + ".other"
      ENV["TASKER_DATABASE_URL"] = path
      TaskerCore::Engine.open { |engine| puts engine.opened["location"] == path }
    RUBY
    assert_equal "true\n", said
  end

  def test_programs_that_the_host_starts_are_not_disturbed
    engine.engine_health
    assert_equal "hello\n", `echo hello`
    assert system("true")
    assert_equal "ok", engine.engine_health["status"]
  end
end
