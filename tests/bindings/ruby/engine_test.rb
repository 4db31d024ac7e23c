# frozen_string_literal: true

require_relative "helper"

# Opening, calling, failing, closing.
class TestEngine < EngineTest
  def test_a_task_goes_through_create_claim_and_report
    engine.template_register(template: template("order", { price: [], pay: ["price"], ship: ["pay"], tell: ["pay"] }))
    tasks = Array.new(20) { |n| engine.task_create(name: "order", namespace: "test", context: { order_id: n })["task_id"] }
    id = worker
    done = []
    until (steps = engine.step_claim(worker_id: id, limit: 10)["steps"]).empty?
      done += steps.map { |step| [step["task_id"], step["name"]] }
      outcomes = steps.map { |s| { step_id: s["step_id"], epoch: s["epoch"], status: "complete", results: { n: s["context"]["order_id"] } } }
      verdicts = engine.step_report(outcomes: outcomes)["verdicts"]
      assert_equal ["recorded"], verdicts.map { |verdict| verdict["verdict"] }.uniq
    end
    assert_equal 80, done.uniq.size
    assert_equal 80, done.size
    tasks.each_with_index do |task, n|
      found = engine.task_get(task_id: task, include: ["steps"])
      assert_equal "complete", found["state"]
      assert_equal [{ "n" => n }], found["steps"].map { |step| step["results"] }.uniq
    end
  end

  def test_what_was_opened_is_told
    assert_equal ["sqlite", database], engine.opened.values_at("store", "location")
    assert_includes engine.inspect, database
  end

  def test_an_error_has_its_class_code_details_and_remedy
    error = assert_raises(TaskerCore::NotFoundError) { engine.task_get(task_id: 999) }
    assert_equal ["not_found", "task_id", 999], [error.code, error.path, error.details["task_id"]]
    refute_predicate error, :retryable?
    assert_match(/task_list/, error.remedy)
    assert_kind_of TaskerCore::Error, error
  end

  def test_every_problem_of_a_template_comes_at_once
    bad = "name: x\nstep_templates:\n  - nam: a\n  - name: b\n    depends_on_step: c\n"
    error = assert_raises(TaskerCore::InvalidRequestError) { engine.template_register(template: bad) }
    assert_operator error.problems.size, :>=, 2
  end

  def test_what_is_not_json_is_refused_before_the_boundary
    assert_raises(TaskerCore::InvalidRequestError) { engine.task_get(task_id: Float::NAN) }
    assert_raises(TaskerCore::InvalidRequestError) { engine.template_get(name: "\xff".dup.force_encoding("UTF-8")) }
    assert_raises(TaskerCore::InvalidRequestError) { engine.call(:task_dance) }
  end

  def test_a_refused_open_leaves_nothing
    error = assert_raises(TaskerCore::InvalidRequestError) { TaskerCore::Engine.open(database, nonsense: 1) }
    assert_equal "nonsense", error.path
    refute_path_exists database
  end

  def test_an_absent_value_and_nil_are_the_same
    task = start
    assert_equal engine.task_get(task_id: task), engine.task_get(task_id: task, include: nil)
  end

  def test_text_keeps_its_characters
    text = "grüße 𝄞 \u0001 \" \\ \u2028"
    assert_equal text, engine.task_get(task_id: start({ text: text }))["context"]["text"]
  end

  def test_a_closed_engine_says_so
    engine.close
    assert_predicate engine, :closed?
    assert_nil engine.close
    assert_raises(TaskerCore::ClosedError) { engine.engine_health }
    assert_raises(TaskerCore::ClosedError) { engine.engine_config_get }
    assert_raises(TaskerCore::ClosedError) { engine.task_wait(task_id: 1) }
    assert_raises(TaskerCore::ClosedError) { engine.interrupt }
  end

  def test_a_block_closes_also_when_it_fails
    kept = nil
    assert_raises(RuntimeError) { TaskerCore::Engine.open(database) { |opened| (kept = opened) && raise("no") } }
    assert_predicate kept, :closed?
  end

  def test_an_engine_that_nobody_holds_is_closed
    said = said_by(<<~RUBY)
      def leave_behind = TaskerCore::Engine.open(ARGV[0]) && nil
      def held = Dir["/proc/self/fd/*"].count { |fd| (File.readlink(fd) rescue "").include?(ARGV[0]) }
      10.times { leave_behind }
      before = held
      deadline = Time.now + #{PATIENCE / 2}
      until held < before / 2 || Time.now > deadline
        GC.start
        sleep 0.01
      end
      puts before >= 10, held < before / 2
    RUBY
    assert_equal "true\ntrue\n", said
  end

  def test_the_end_of_the_process_gives_steps_back
    start
    said = said_by(<<~RUBY)
      engine = TaskerCore::Engine.open(ARGV[0])
      id = engine.worker_register(handlers: [{ namespace: "test" }])["worker_id"]
      puts engine.step_claim(worker_id: id)["steps"].size
    RUBY
    assert_equal "1\n", said
    assert_equal 0, engine.engine_health["leased_steps"]
    assert_equal 1, engine.step_claim(worker_id: worker)["steps"].size
  end

  def test_many_threads_share_one_engine
    engine.template_register(template: template)
    ids = Array.new(8) do |n|
      Thread.new { Array.new(25) { |m| engine.task_create(name: "work", namespace: "test", context: { n: n, m: m })["task_id"] } }
    end
    assert_equal 200, ids.flat_map(&:value).uniq.size
  end
end
