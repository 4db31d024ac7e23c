# frozen_string_literal: true

require "json"
require "tasker_core"

# A database, and an engine on it. What a process does to prove that its library
# is whole: create, claim, note, report. Every run of a step is noted in a file
# before it is reported; the package beside this file compares those files with
# the databases.
class Store
  HANDLERS = [{ namespace: "fork", task: "work" }].freeze

  # Both stores, as the environment names them.
  def self.open_all
    %w[embedded postgresql].map do |name|
      variable = "FORK_#{name.upcase}"
      config = JSON.parse(ENV.fetch(variable), symbolize_names: true)
      new(name, TaskerCore::Engine.open(**config), ENV.fetch("#{variable}_LEDGER"))
    end
  end

  attr_reader :engine

  def initialize(name, engine, ledger)
    @name = name
    @engine = engine
    @ledger = ledger
  end

  # Creates a task, claims a step and reports it. The step may be another
  # process's: whoever creates one claims one, so nobody waits for long.
  def work
    engine.task_create(name: "work", namespace: "fork", context: { by: Process.pid })
    worker_id = engine.worker_register(handlers: HANDLERS)["worker_id"]
    step, = engine.step_claim(worker_id: worker_id, wait_ms: 4_000)["steps"]
    raise "#{@name}: no step was to be had" unless step

    lease = step.slice("step_id", "epoch")
    note(lease)
    outcome = { **lease, status: "complete", results: { by: Process.pid } }
    verdict, = engine.step_report(outcomes: [outcome])["verdicts"]
    raise "#{@name}: #{verdict}" unless verdict["verdict"] == "recorded"

    step["step_id"]
  end

  # Writes down that a step is run. By name: a daemon may have closed every descriptor.
  def note(lease)
    File.open(@ledger, "a") { |file| file.syswrite("#{lease["step_id"]} #{lease["epoch"]}\n") }
  end
end
