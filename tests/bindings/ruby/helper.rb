# frozen_string_literal: true

# What the tests of the Ruby binding share. They run on the library of the tests
# (make lib/probe), which has one operation more: it does nothing, echoes or waits.

ROOT = File.expand_path("../../..", __dir__)
ENV["TASKER_CORE_LIBRARY"] ||= File.join(ROOT, "build", "probe", "libtasker_core.so")
ENV.delete("TASKER_DATABASE_URL")
$LOAD_PATH.unshift(File.join(ROOT, "bindings", "ruby", "lib"))

require "json"
require "minitest/autorun"
require "tasker_core"
require "timeout"
require "tmpdir"

# Seconds after which a test that waits for something fails. It only bounds a
# hang, so it is far beyond what any machine needs.
PATIENCE = 60

PROBE = { direct: TaskerCore::Operation.new(0x7000, :database), instant: TaskerCore::Operation.new(0x7000, :instant) }.freeze

# A test with a database file of its own, and with a watchdog.
class EngineTest < Minitest::Test
  def setup
    @folder = Dir.mktmpdir
    @watchdog = Thread.new do
      sleep 2 * PATIENCE
      tell_where_it_hangs
    end
  end

  def teardown
    @watchdog.kill
    @engine&.close
    FileUtils.remove_entry(@folder)
  end

  def database = File.join(@folder, "test.sqlite3")

  # An open engine. Without fsync: no test of ours pulls the plug.
  def engine
    @engine ||= TaskerCore::Engine.open(database, database: { synchronous: "normal" })
  end

  def template(name = "work", steps = { only: [] })
    rows = steps.map do |title, parents|
      { name: title, backoff: { strategy: "none" }, depends_on_steps: parents }.reject { |_, value| value == [] }
    end
    { name: name, namespace_name: "test", version: "1.0.0", step_templates: rows }
  end

  # Creates a task of a template with one step, and answers its id.
  def start(context = { number: 1 })
    engine.template_register(template: template)
    engine.task_create(name: "work", namespace: "test", context: context)["task_id"]
  end

  def worker = engine.worker_register(handlers: [{ namespace: "test" }])["worker_id"]

  # Runs the task's step.
  def finish(task)
    step = engine.step_claim(worker_id: worker)["steps"].first
    assert_equal task, step["task_id"]
    engine.step_report(outcomes: [{ step_id: step["step_id"], epoch: step["epoch"], status: "complete", results: {} }])
  end

  # Calls the operation of the test library.
  def probe(way: :direct, **request)
    return engine.send(:submitted, PROBE[:direct], request) if way == :submitted

    engine.send(:perform, :probe, PROBE.fetch(way), request)
  end

  def eventually
    deadline = Time.now + PATIENCE
    until (value = yield)
      flunk "it did not happen" if Time.now > deadline
      sleep 0.005
    end
    value
  end

  # A Ruby program beside the test, with the binding loaded and the database's path
  # as first argument; it is gone at the end of the block.
  def program(code, *arguments)
    code = "$LOAD_PATH.unshift(#{$LOAD_PATH.first.dump}); require 'tasker_core'; $stdout.sync = true\n" \
           "trap('INT', 'DEFAULT') # where tests run in the background it is ignored\n#{code}"
    io = IO.popen([RbConfig.ruby, "-w", "-e", code, database, *arguments], err: %i[child out])
    killer = Thread.new do
      sleep PATIENCE
      Process.kill(:KILL, io.pid)
    end
    yield io
  ensure
    killer&.kill
    Process.kill(:KILL, io.pid) unless io.nil? || io.closed?
    io&.close
  end

  # All that a program says.
  def said_by(code, *arguments) = program(code, *arguments, &:read)

  private

  def tell_where_it_hangs
    warn "#{self.class}##{name} hangs"
    Thread.list.each { |thread| warn "#{thread.inspect}\n  #{thread.backtrace&.join("\n  ")}" }
    Dir["/proc/self/task/*"].each { |task| warn "#{task}: #{File.read("#{task}/comm").strip} #{File.read("#{task}/wchan")}" }
    exit! 99
  end
end
