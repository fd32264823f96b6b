package sqldb

import (
	"strconv"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
)

// Attachment is another SQLite file whose tables the reading connections see under a name.
type Attachment struct {
	Name string // a word of the program's own
	DSN  string
}

// Tokenizer splits a text, or with query what is looked for, into the pieces by which SQLite's FTS5
// finds it; emit takes a piece and the bytes of the text that it stands for.
type Tokenizer func(text string, query bool, emit func(piece string, start, end int) error) error

// attach opens the attached files on a connection, each with a page cache of its own.
func attach(conn *sqlite3.Conn, list []Attachment, cacheMB int) error {
	for _, a := range list {
		name := sqlite3.QuoteIdentifier(a.Name)
		if err := conn.Exec("ATTACH DATABASE " + sqlite3.Quote(a.DSN) + " AS " + name); err != nil {
			return err
		}
		if err := conn.Exec("PRAGMA " + name + ".cache_size=-" + strconv.Itoa(cacheMB*1024)); err != nil {
			return err
		}
	}
	return nil
}

// tokenize makes full-text search and its tokenizer known to a connection.
func tokenize(conn *sqlite3.Conn, t Tokenizer) error {
	if t == nil {
		return nil
	}
	return fts5.RegisterCustom(conn, func(api *fts5.API) error {
		return api.CreateTokenizer("gram", func([]string) (fts5.Tokenizer, error) { return tokenizer(t), nil })
	})
}

type tokenizer Tokenizer

// Tokenize implements fts5.Tokenizer.
func (t tokenizer) Tokenize(flags fts5.TokenizeFlag, text, _ string, emit fts5.TokenCallback) error {
	return t(text, flags&fts5.TOKENIZE_QUERY != 0, func(piece string, start, end int) error { return emit(0, piece, start, end) })
}
