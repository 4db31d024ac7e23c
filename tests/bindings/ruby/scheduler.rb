# frozen_string_literal: true

# A fiber scheduler as small as can be: it waits with IO.select for one thread's
# fibers.
class SmallScheduler
  def initialize
    @readable = {} # fiber: io and deadline
    @blocked = {} # fiber: deadline, unless unblock comes first
    @mutex = Thread::Mutex.new # guards @ready, which other threads add to
    @ready = []
    @reader, @writer = IO.pipe
  end

  def run
    until @readable.empty? && @blocked.empty?
      ios = @readable.values.map(&:first)
      readable, = IO.select([@reader, *ios], nil, nil, pause)
      @reader.read_nonblock(1024, exception: false) if readable&.include?(@reader)
      due(readable || []).each { |fiber, value| fiber.resume(value) if fiber.alive? }
    end
  end

  def close = run

  def io_wait(io, _events, timeout)
    @readable[Fiber.current] = [io, timeout && (now + timeout)]
    Fiber.yield
  end

  # Mutex#sleep comes here too, and is ended by unblock.
  def kernel_sleep(seconds = nil)
    block(:sleep, seconds)
    true
  end

  def block(_blocker, timeout = nil)
    @blocked[Fiber.current] = now + (timeout || 1e9)
    Fiber.yield
  end

  def unblock(_blocker, fiber)
    @mutex.synchronize { @ready << fiber }
    @writer.write_nonblock("u", exception: false)
  end

  def fiber(&block) = Fiber.new(blocking: false, &block).tap(&:resume)

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def pause
    deadline = [*@readable.values.map(&:last), *@blocked.values].compact.min
    deadline && [deadline - now, 0].max.clamp(0, 3600)
  end

  # The fibers to go on with, and what their waits answer.
  def due(ios)
    found = @readable.select { |_, (io, deadline)| ios.include?(io) || (deadline && deadline <= now) }
                     .map { |fiber, (io, _)| [fiber, ios.include?(io) ? IO::READABLE : false] }
    found += @blocked.select { |_, deadline| deadline <= now }.keys.map { |fiber| [fiber, false] }
    found += @mutex.synchronize { @ready.slice!(0..) }.select { |fiber| @blocked.key?(fiber) }.map { |fiber| [fiber, true] }
    found.uniq(&:first).each { |fiber, _| [@readable, @blocked].each { |kept| kept.delete(fiber) } }
  end
end

# Runs the block in a thread with such a scheduler, until all its fibers have ended.
def in_scheduler(&block)
  Thread.new do
    Fiber.set_scheduler(SmallScheduler.new)
    Fiber.schedule(&block)
  end.join
end
