# frozen_string_literal: true

# A fork per job, as Resque does it: the parent claims a step and forks a child,
# which runs it, reports it with the engine of its parent, and ends. jobs.rb COUNT

root = File.expand_path("../../..", __dir__)
$LOAD_PATH.unshift(File.join(root, "bindings", "ruby", "lib"), File.join(root, "tests", "ledger"))

require "timeout"
require "work"

# One store, and the parent's worker on it.
class Queue
  HANDLERS = [{ namespace: "fork", task: "busy" }].freeze

  def initialize(store)
    @store = store
    @worker_id = store.engine.worker_register(handlers: HANDLERS)["worker_id"]
  end

  # Creates a job, claims it and lets a child perform it.
  def turn
    @store.engine.task_create(name: "busy", namespace: "fork", context: { by: Process.pid })
    step, = @store.engine.step_claim(worker_id: @worker_id)["steps"]
    lease = step.slice("step_id", "epoch")
    pid = fork { perform(lease) }
    _, status = Timeout.timeout(5) { Process.wait2(pid) }
    raise "the job #{lease} ended with #{status}" unless status.success?
  end

  private

  def perform(lease)
    @store.note(lease)
    outcome = { **lease, status: "complete", results: { by: Process.pid } }
    verdict, = @store.engine.step_report(outcomes: [outcome])["verdicts"]
    raise verdict.to_s unless verdict["verdict"] == "recorded"

    @store.work
    exit!(0)
  rescue StandardError => e
    warn e.full_message
    exit!(1)
  end
end

stores = Store.open_all
queues = stores.map { |store| Queue.new(store) }
Integer(ARGV.fetch(0)).times { queues.each(&:turn) }
stores.each { |store| store.engine.close }
