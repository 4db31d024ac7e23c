# frozen_string_literal: true

require "ffi"

module TaskerCore
  # Declarations of the C library, and where it is found. Nothing else.
  #
  # The library is loaded at the first open and never when a file is required:
  # servers that load the program first and fork then must not meet it. It is
  # loaded once and never unloaded.
  class Native
    # The TASKER_ABI_VERSION of the header that these declarations were written for.
    ABI_VERSION = 0

    # The environment variable that names the library file.
    VARIABLE = "TASKER_CORE_LIBRARY"

    # tasker_buffer: memory that the library filled and that we release.
    class Buffer < FFI::Struct
      layout :data, :pointer, :len, :size_t
    end

    # tasker_submission, one request for submit_many, as Array#pack writes it: the
    # number of an operation, address and length of the request.
    SUBMISSION = "Lx4J2"

    # tasker_completion: the answer to one submitted request.
    class Completion < FFI::Struct
      layout :ticket, :uint64, :status, :int32, :reply, Buffer
    end

    # The functions beside the operations: result, arguments, and whether other
    # Ruby threads run meanwhile.
    FUNCTIONS = {
      abi_version: [:uint32, [], false],
      build_info: [:string, [], false],
      buffer_free: [:void, [:pointer], false],
      open: [:int32, %i[buffer_in size_t pointer pointer], true],
      close: [:int32, %i[uint64 buffer_in size_t pointer], true],
      close_with_thread: [:int32, %i[uint64], false],
      interrupt: [:int32, %i[uint64], false],
      wake_fd: [:int32, %i[uint64 pointer], false],
      submit: [:int32, %i[uint64 uint32 buffer_in size_t pointer pointer], false],
      submit_many: [:int32, %i[uint64 buffer_in size_t pointer pointer], false],
      collect: [:int32, %i[uint64 pointer size_t pointer], false]
    }.freeze

    # All operations have one shape.
    OPERATION = [:int32, %i[uint64 buffer_in size_t pointer].freeze].freeze

    @mutex = Thread::Mutex.new # guards @loaded

    class << self
      # Loads the library at the first call and returns it. Any thread may call.
      # LibraryLoadError tells every place that was tried.
      def load
        @mutex.synchronize { @loaded ||= first_that_suits }
      end

      # The places to look at, best first; the last is the loader's own path.
      def candidates
        named = ENV.fetch(VARIABLE, "")
        # Whoever names a file means that file: no silent fall-back to another.
        return [named] unless named.empty?

        built = checkout && File.join(checkout, "build", file_name)
        [File.join(__dir__, file_name), built].compact.select { |path| File.exist?(path) } << file_name
      end

      private

      def file_name = FFI::Platform.mac? ? "libtasker_core.dylib" : "libtasker_core.so"

      def checkout
        folder = File.expand_path("../../../..", __dir__)
        folder if File.exist?(File.join(folder, "include", "tasker_core.h"))
      end

      def first_that_suits
        tried = []
        candidates.each do |path|
          library = new(path)
          version = library.abi_version
          return library if version == ABI_VERSION

          tried << "#{path}: its interface is version #{version}, this package needs #{ABI_VERSION}"
        rescue LoadError => e
          tried << "#{path}: #{e.message}"
        end
        raise LibraryLoadError.new(
          "the Tasker Core library could not be loaded:\n  #{tried.join("\n  ")}",
          details: { "tried" => tried, "remedy" => remedy }
        )
      end

      def remedy
        "Install a package that was built for this platform (Linux with glibc), or build the library " \
          "(`make lib` in a checkout) and name the file in #{VARIABLE}."
      end
    end

    def initialize(path)
      @library = FFI::DynamicLibrary.open(path, FFI::DynamicLibrary::RTLD_NOW | FFI::DynamicLibrary::RTLD_LOCAL)
      @functions = FUNCTIONS.to_h do |name, (result, arguments, blocking)|
        [name, declare(name, result, arguments, blocking)]
      end
      # Filled as operations are used, so that an older library can be used as far as it goes.
      @operations = {}
    end

    FUNCTIONS.each_key do |name|
      define_method(name) { |*arguments| @functions[name].call(*arguments) }
    end

    # The C function of an operation. An instant one keeps the interpreter's lock:
    # giving it up costs more than the call.
    def operation(name, kind)
      @operations[name] ||= declare(name, *OPERATION, kind != :instant)
    end

    # Calls a function that fills a reply; answers the status and the reply's text.
    def reply
      buffer = Buffer.new
      status = yield buffer
      [status, text(buffer)]
    ensure
      buffer_free(buffer) if buffer
    end

    # The text of a filled buffer; releasing it stays with the caller.
    def text(buffer)
      data = buffer[:data]
      data.null? ? "" : data.read_string(buffer[:len]).force_encoding(Encoding::UTF_8)
    end

    private

    def declare(name, result, arguments, blocking)
      symbol = @library.find_function("tasker_#{name}")
      raise LoadError, "it has no function tasker_#{name}" unless symbol

      FFI::Function.new(result, arguments, symbol, blocking: blocking)
    end
  end
end
