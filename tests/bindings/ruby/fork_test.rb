# frozen_string_literal: true

require_relative "helper"

# A forked child goes on with what its parent opened, and harms nobody.
class TestFork < EngineTest
  def test_a_child_goes_on_with_the_engine_while_threads_of_the_parent_wait
    task = start
    waiters = Array.new(3) { Thread.new { engine.task_wait(task_id: task, wait_ms: 600_000) } }
    eventually { waiters.all? { |thread| thread.status == "sleep" } }
    answers = in_child do
      [engine.task_get(task_id: task)["state"], probe(way: :submitted, do: "echo", text: "here")["text"],
       engine.task_wait(task_id: task, wait_ms: 20)["timed_out"]]
    end
    assert_equal ["pending", "here", true], answers
    finish(task)
    waiters.each { |thread| refute thread.value["timed_out"] }
  end

  def test_a_wait_in_a_child_can_be_interrupted
    task = start
    engine.task_wait(task_id: task, wait_ms: 1)
    answers = in_child do
      Timeout.timeout(0.05) { engine.task_wait(task_id: task, wait_ms: 600_000) }
    rescue Timeout::Error
      ["interrupted", engine.task_get(task_id: task)["state"]]
    end
    assert_equal %w[interrupted pending], answers
  end

  # A slow beginning lets every thread in that is not kept out: the second one threw
  # away the tickets of the first, whose caller then got no answer.
  def test_threads_that_make_the_first_calls_of_a_child_at_once_begin_it_once
    probe(way: :submitted, do: "echo", text: "parent")
    begun = 0
    engine.instance_variable_get(:@answers).define_singleton_method(:begin_process) do
      sleep 0.05
      super()
      begun += 1
    end
    texts = in_child do
      threads = Array.new(4) { |n| Thread.new { probe(way: :submitted, do: "echo", text: "t#{n}")["text"] } }
      threads.map(&:value) << begun
    end
    assert_equal ["t0", "t1", "t2", "t3", 1], texts
  end

  def test_a_child_works_on_a_task_of_its_parent
    task = start
    assert_nil in_child { finish(task) && nil }
    assert_equal "complete", engine.task_get(task_id: task)["state"]
  end

  def test_closing_in_a_child_leaves_the_parent_alone
    id = worker
    start
    assert_equal 1, engine.step_claim(worker_id: id)["steps"].size
    assert_equal true, in_child { engine.close || engine.closed? }
    assert_equal 1, engine.engine_health["leased_steps"]
    assert_equal "here", probe(way: :submitted, do: "echo", text: "here")["text"]
  end

  def test_an_engine_that_opted_out_answers_forked
    @engine = TaskerCore::Engine.open(database, fork: "error")
    code, remedy, closed = in_child do
      engine.task_list
    rescue TaskerCore::ForkedError => e
      [e.code, e.remedy, engine.close]
    end
    assert_equal ["forked", nil], [code, closed]
    refute_empty remedy
    assert_equal [], engine.task_list["items"]
  end

  # exit runs finalizers, and so the one of the inherited engine.
  def test_a_child_that_ends_as_ruby_ends_harms_nobody
    said = said_by(<<~RUBY)
      TaskerCore::Engine.open(ARGV[0]) do |engine|
        pid = fork { exit 3 }
        puts Process.wait2(pid)[1].exitstatus, engine.schema_status.key?("current")
      end
    RUBY
    assert_equal "3", said.lines.first&.strip, said
  end

  private

  # What the block answers in a forked child, as JSON.
  def in_child
    reader, writer = IO.pipe
    pid = fork do
      writer.write(JSON.generate([yield]))
    rescue Exception => e # rubocop:disable Lint/RescueException
      writer.write(JSON.generate(["#{e.class}: #{e.message}"]))
    ensure
      writer.close
      exit! 0
    end
    writer.close
    killer = Thread.new { sleep(PATIENCE) && Process.kill(:KILL, pid) }
    JSON.parse(reader.read).first
  ensure
    killer&.kill
    reader&.close
    Process.wait(pid) if pid
  end
end
