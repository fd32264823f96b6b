// Package store is the only SQL on customer data. It lies inside the door, so that the compiler keeps
// everybody else out: whoever wants a record asks a door.Session.
//
// A table per object holds its plain fields in typed columns, the personal fields of a row in one
// sealed blob, and each restricted or secret field in a sealed cell of its own. Beside them lie the
// journal (Log) and, in a database of its own, the keys of persons (Keys).
package store
