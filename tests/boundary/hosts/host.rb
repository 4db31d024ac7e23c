# frozen_string_literal: true

# A Ruby program that makes calls on request and tells how long they took.
#
#   host.rb LIBRARY MODE CONFIGURATION...
#
# It opens one engine per configuration and answers lines, see boundary.go. The
# modes "native" and "fiber" call the C functions by FFI, on the stack of the
# main thread or of a fiber.
require "ffi"
require "io/wait"

# The C functions, with what FFI needs and no more.
module Native
  extend FFI::Library
  ffi_lib ARGV.fetch(0)

  # tasker_buffer
  class Buffer < FFI::Struct
    layout :data, :pointer, :len, :size_t
  end

  attach_function :tasker_open, %i[pointer size_t pointer pointer], :int32, blocking: true
  attach_function :tasker_close, %i[uint64 pointer size_t pointer], :int32, blocking: true
  attach_function :tasker_wake_fd, %i[uint64 pointer], :int32
  attach_function :tasker_submit, %i[uint64 uint32 buffer_in size_t buffer_out buffer_out], :int32
  attach_function :tasker_collect, %i[uint64 pointer size_t buffer_out], :int32
  attach_function :tasker_buffer_free, %i[pointer], :void

  # An operation, which may wait: other threads run meanwhile.
  def self.operation(name)
    return method(name) if respond_to?(name)

    attach_function name, %i[uint64 buffer_in size_t pointer], :int32, blocking: true
    method(name)
  end
end

# Makes the calls.
class Host
  COLLECT = 64
  COMPLETION = 32 # bytes of a tasker_completion: ticket, status, data, len
  DATA = 16
  LEN = 24

  def initialize(configurations)
    @engines = configurations.map { |text| open(text) }
    @wakes = @engines.map { |engine| wake(engine) }
    @reply = Native::Buffer.new
    @completions = FFI::MemoryPointer.new(:uint8, COLLECT * COMPLETION)
    @ticket = FFI::MemoryPointer.new(:uint64)
    @count = FFI::MemoryPointer.new(:size_t)
  end

  def open(text)
    engine = FFI::MemoryPointer.new(:uint64)
    reply = Native::Buffer.new
    status = Native.tasker_open(FFI::MemoryPointer.from_string(text), text.bytesize, engine, reply)
    check(status, reply[:data].null? ? "" : reply[:data].read_bytes(reply[:len]))
    engine.read_uint64
  end

  def wake(engine)
    descriptor = FFI::MemoryPointer.new(:int32)
    check(Native.tasker_wake_fd(engine, descriptor), "wake_fd")
    IO.for_fd(descriptor.read_int32, autoclose: false)
  end

  def wait(which, name, request)
    call = Native.operation(name)
    engine = @engines[which]
    lambda do
      status = call.call(engine, request, request.bytesize, @reply)
      answer = @reply[:data].read_bytes(@reply[:len])
      Native.tasker_buffer_free(@reply)
      check(status, answer)
    end
  end

  def batch(which, number, size, request)
    engine = @engines[which]
    lambda do
      size.times { check(Native.tasker_submit(engine, number, request, request.bytesize, @ticket, @reply), "submit") }
      taken = 0
      while taken < size
        @wakes[which].wait_readable
        taken += collect(engine)
      end
    end
  end

  def collect(engine)
    check(Native.tasker_collect(engine, @completions, COLLECT, @count), "collect")
    count = @count.read(:size_t)
    count.times do |i|
      at = @completions + (i * COMPLETION)
      answer = at.get_pointer(DATA).read_bytes(at.get_uint64(LEN))
      check(at.get_int32(8), answer)
      Native.tasker_buffer_free(at + DATA)
    end
    count
  end

  def check(status, what)
    raise "status #{status}: #{what}" unless status.zero?
  end

  def answer(line)
    form, which, name, number, times, size, request = line.chomp.split(" ", 7)
    size = Integer(size)
    once = form == "wait" ? wait(Integer(which), name.to_sym, request) : batch(Integer(which), Integer(number), size, request)
    took = Array.new(Integer(times)) do
      start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
      once.call
      (Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start) / size
    end
    "ok #{took.join(' ')}"
  end

  def close
    @engines.each do |engine|
      Native.tasker_close(engine, nil, 0, @reply)
      Native.tasker_buffer_free(@reply)
    end
  end
end

begin
  $stdout.sync = true
  mode = ARGV.fetch(1)
  host = Host.new(ARGV.drop(2))
  puts "ready"
  serve = lambda do
    while (line = $stdin.gets)
      puts host.answer(line)
    end
  end
  mode == "fiber" ? Fiber.new(&serve).resume : serve.call
  host.close
rescue StandardError => e
  puts "error #{e.message.tr("\n", ' ')}"
  raise
end
