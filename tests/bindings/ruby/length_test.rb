# frozen_string_literal: true

require_relative "helper"

# Lengths in bytes and in characters are never taken for each other.
class TestLength < EngineTest
  CLEF = "𝄞" # four bytes, one character

  # Lengths in characters around every power of two; 2^22 of them are 16 MB.
  def check(way, most: 22)
    (0..most).flat_map { |power| [(2**power) - 1, 2**power, (2**power) + 1] }.uniq.each do |length|
      text = CLEF * length
      assert_equal text, probe(way: way, do: "echo", text: text).fetch("text", ""), "#{length} characters"
    end
  end

  def test_named_calls_give_back_every_length = check(:direct)

  def test_submitted_requests_give_back_every_length = check(:submitted, most: 20)

  def test_requests_of_every_length_in_bytes_around_powers_of_two
    (0..22).each do |power|
      (-3..3).each do |more|
        size = (2**power) + more
        next if size.negative?

        # One to four bytes at the end, so that a cut in a character would be seen.
        text = ("a" * (size % 4)) + (CLEF * (size / 4))
        assert_equal text.bytesize, probe(way: :direct, do: "echo", text: text).fetch("text", "").bytesize
      end
    end
  end

  def test_a_context_comes_back_as_it_went_in
    context = { "text" => CLEF * 65_537, "list" => [0.1, 12_345_678_901_234, nil, true, {}] }
    assert_equal context, engine.task_get(task_id: start(context))["context"]
  end

  def test_a_request_beyond_the_limit_is_refused
    error = assert_raises(TaskerCore::LimitExceededError) { probe(do: "echo", text: "x" * 67_108_864) }
    assert_match "67108864", error.message + error.details.inspect
  end
end
