# frozen_string_literal: true

require_relative "helper"
require_relative "scheduler"

# Many calls in one native call.
class TestMany < EngineTest
  def probes(*requests) = engine.send(:perform_many, requests.map { |request| [PROBE[:direct], request] })

  def test_replies_come_in_the_order_of_the_calls_and_what_fails_is_an_error_there
    task = start
    calls = [[:task_get, { task_id: 999 }], [:engine_config_get, nil], [:task_get, { task_id: task, include: nil }]]
    replies = engine.call_many(calls * 40)
    assert_equal 120, replies.size
    replies.each_slice(3) do |missing, settings, found|
      assert_instance_of TaskerCore::NotFoundError, missing
      assert_kind_of Hash, settings
      assert_equal task, found["task_id"]
    end
    assert_empty engine.call_many([])
  end

  def test_requests_of_all_lengths_come_whole
    texts = Array.new(200) { |n| "ä𝄞" * (n * 7) }
    assert_equal(texts, probes(*texts.map { |text| { do: "echo", text: text } }).map { |reply| reply["text"].to_s })
  end

  def test_all_are_refused_or_none
    assert_raises(TaskerCore::InvalidRequestError) { engine.call_many([[:engine_health, {}], [:task_dance, {}]]) }
    unknown = TaskerCore::Operation.new(9999, :database)
    error = assert_raises(TaskerCore::InvalidRequestError) do
      engine.send(:perform_many, [[PROBE[:direct], {}], [unknown, {}]])
    end
    assert_equal 1, error.details["index"]
    engine.close
    assert_raises(TaskerCore::ClosedError) { engine.call_many([[:engine_health, {}]]) }
  end

  def test_a_caller_that_is_interrupted_leaves_nothing_behind
    waits = [{ do: "wait", wait_ms: 400 }] * 5
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { probes(*waits) } }
    assert_equal [{}] * 3, probes({}, {}, {})
    probes(*waits) # the abandoned answers come meanwhile
    assert_empty engine.instance_variable_get(:@answers).instance_variable_get(:@replies)
  end

  def test_threads_get_their_own_answers
    threads = Array.new(8) do |thread|
      Thread.new do
        Array.new(20) { |round| probes(*Array.new(5) { |n| { do: "echo", text: "#{thread} #{round} #{n}" } }) }
      end
    end
    threads.each_with_index do |thread, own|
      thread.value.each_with_index do |replies, round|
        assert_equal(Array.new(5) { |n| "#{own} #{round} #{n}" }, replies.map { |reply| reply["text"] })
      end
    end
  end

  def test_fibers_of_a_scheduler_go_on_meanwhile
    engine
    order = []
    Thread.new do
      Fiber.set_scheduler(SmallScheduler.new)
      Fiber.schedule do
        probes({ do: "wait", wait_ms: 200 }, {})
        order << :many
      end
      Fiber.schedule do
        probe(way: :submitted)
        order << :one
      end
    end.join
    assert_equal %i[one many], order
  end
end
