# frozen_string_literal: true

# Many calls from Ruby: see calls.c, which does the same.

require "tasker_core"
require "etc"

DIRECT = TaskerCore::Operation.new(0x7000, :database)
INSTANT = TaskerCore::Operation.new(0x7000, :instant)

def resident_kb = File.read("/proc/self/statm").split[1].to_i * Etc.sysconf(Etc::SC_PAGESIZE) / 1024

database, calls = ARGV
calls = calls.to_i
TaskerCore::Engine.open(database) do |engine|
  echo = { do: "echo", text: "7" * 1024 }
  before = 0
  calls.times do |i|
    before = resident_kb if i == [calls / 2, 100_000].min
    case i % 4
    when 0 then engine.send(:perform, :probe, INSTANT, { instant: true })
    when 1 then engine.send(:perform, :probe, DIRECT, {})
    when 2 then engine.send(:perform, :probe, DIRECT, echo)
    else engine.send(:submitted, DIRECT, {})
    end
  end
  puts resident_kb - before
end
