# frozen_string_literal: true

# A Ruby program that makes calls on request and tells how long they took.
#
#   host.rb LIBRARY MODE CONFIGURATION...
#
# It opens one engine per configuration and answers lines, see boundary.go. The
# modes "native" and "fiber" call the C functions as the binding declares them,
# on the stack of the main thread or of a fiber; "binding" calls the methods of
# Engine.
require "io/wait"
require "json"
require "tasker_core"

# Makes the calls by the C functions.
class Native
  COLLECT = 64
  DATABASE = { true => :instant, false => :database }.freeze

  def initialize(configurations)
    @library = TaskerCore::Native.load
    @reply = TaskerCore::Native::Buffer.new
    completion = TaskerCore::Native::Completion
    memory = FFI::MemoryPointer.new(completion, COLLECT)
    @completions = memory
    @slots = Array.new(COLLECT) { |i| completion.new(memory + (i * completion.size)) }
    @ticket = FFI::MemoryPointer.new(:uint64)
    @count = FFI::MemoryPointer.new(:size_t)
    @engines = configurations.map { |text| open(text) }
    @wakes = @engines.map { |engine| wake(engine) }
  end

  def open(text)
    engine = FFI::MemoryPointer.new(:uint64)
    check(*@library.reply { |reply| @library.open(text, text.bytesize, engine, reply) })
    engine.read_uint64
  end

  def wake(engine)
    descriptor = FFI::MemoryPointer.new(:int32)
    check(@library.wake_fd(engine, descriptor), "wake_fd")
    IO.for_fd(descriptor.read_int32, autoclose: false)
  end

  def wait(which, name, _number, request)
    function = @library.operation(name, DATABASE.fetch(request.include?('"instant": true')))
    engine = @engines[which]
    lambda do
      status = function.call(engine, request, request.bytesize, @reply)
      text = @library.text(@reply)
      @library.buffer_free(@reply)
      check(status, text)
    end
  end

  # The submissions are made once for all batches of a line.
  def batch(which, number, size, request)
    engine = @engines[which]
    body = FFI::MemoryPointer.from_string(request)
    submissions = [number, body.address, request.bytesize].pack(TaskerCore::Native::SUBMISSION) * size
    lambda do
      check(@library.submit_many(engine, submissions, size, @ticket, @reply), "submit_many")
      taken = 0
      while taken < size
        @wakes[which].wait_readable
        taken += collect(engine)
      end
      body # which lives until here
    end
  end

  def collect(engine)
    check(@library.collect(engine, @completions, COLLECT, @count), "collect")
    count = @count.read(:size_t)
    @slots.first(count).each do |slot|
      reply = slot[:reply]
      text = @library.text(reply)
      @library.buffer_free(reply)
      check(slot[:status], text)
    end
    count
  end

  def check(status, what)
    raise "status #{status}: #{what}" unless status.zero?
  end

  def close
    @engines.each { |engine| @library.reply { |reply| @library.close(engine, "", 0, reply) } }
  end
end

# Makes the calls by the methods of the package.
class Methods
  def initialize(configurations)
    @engines = configurations.map { |text| TaskerCore::Engine.open(**JSON.parse(text, symbolize_names: true)) }
  end

  def wait(which, name, number, request)
    engine = @engines[which]
    fields = JSON.parse(request, symbolize_names: true)
    operation = TaskerCore::Operation.new(number, fields[:instant] ? :instant : :database)
    -> { engine.send(:perform, name, operation, fields) }
  end

  def batch(which, number, size, request)
    engine = @engines[which]
    call = [TaskerCore::Operation.new(number, :database), JSON.parse(request, symbolize_names: true)]
    lambda do
      failed = engine.send(:perform_many, [call] * size).find { |reply| reply.is_a?(TaskerCore::Error) }
      raise failed if failed
    end
  end

  def close = @engines.each(&:close)
end

def answer(host, line)
  form, which, function, number, times, size, request = line.chomp.split(" ", 7)
  which, number, times, size = [which, number, times, size].map { |word| Integer(word) }
  name = function.delete_prefix("tasker_").to_sym
  once = form == "wait" ? host.wait(which, name, number, request) : host.batch(which, number, size, request)
  took = Array.new(times) do
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
    once.call
    (Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start) / size
  end
  "ok #{took.join(" ")}"
end

begin
  $stdout.sync = true
  library, mode, *configurations = ARGV
  ENV[TaskerCore::Native::VARIABLE] = library
  host = (mode == "binding" ? Methods : Native).new(configurations)
  puts "ready"
  serve = lambda do
    while (line = $stdin.gets)
      puts answer(host, line)
    end
  end
  mode == "fiber" ? Fiber.new(&serve).resume : serve.call
  host.close
rescue StandardError => e
  puts "error #{e.message.tr("\n", " ")}"
  raise
end
