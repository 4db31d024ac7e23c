package workflow

// CatalogueEntry is a row of one of the catalogue's tables: what task types are
// made of. They differ in few columns; those that a table lacks are empty.
type CatalogueEntry struct {
	ID            int64
	Name          string
	Description   string
	ParentID      int64  // namespace of a task type, system of a named step, first system of an object map
	Parent        string // its name
	Version       string // of a task type
	Configuration JSON   // of a task type
	OtherID       int64  // second system of an object map
	Other         string // its name
	RemoteOne     string // of an object map: what the first system calls the object
	RemoteTwo     string // what the second system calls it
	CreatedAt     Instant
	UpdatedAt     Instant
}
