# frozen_string_literal: true

module TaskerCore
  # What the library refused or could not do; the base of all its errors. There
  # is one class per error code, so callers rescue what they can act on and never
  # match text.
  class Error < StandardError
    # The word of the code, such as "not_found".
    attr_reader :code
    # Further facts, by their names.
    attr_reader :details

    CODE = "internal"

    def initialize(message, code: self.class.const_get(:CODE), details: nil, retryable: false)
      super(message)
      @code = code
      @details = details || {}
      @retryable = retryable
    end

    # Whether the very same call can succeed later.
    def retryable? = @retryable

    # Where it is wrong (a JSON path, a file, a column), nil when there is no place.
    def path = details["path"]

    # What can be done about it, nil when nothing sensible can be said.
    def remedy = details["remedy"]

    # Every problem of an input that was checked as a whole, often none.
    def problems = details["problems"] || []

    # The exception for a status and the error reply that came with it, if any.
    def self.from_reply(status, reply = nil)
      error = (reply || {})["error"] || {}
      code = error["code"] || ERRORS.keys[status - 1] || "internal"
      TaskerCore.const_get(ERRORS.fetch(code, "InternalError")).new(
        error["message"] || "the library answered #{code} (status #{status})",
        code: code, details: error["details"], retryable: error["retryable"] || false
      )
    end
  end

  ERRORS.each do |code, name|
    const_set(name, Class.new(Error)).const_set(:CODE, code.freeze)
  end

  # The shared library could not be loaded; the message names ways out. It comes
  # from this package alone, before there is a library to answer.
  class LibraryLoadError < Error
    CODE = "library"
  end
end
