package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"

	"github.com/wardbook/wardbook/internal/fault"
)

// Classify gives a driver's error its kind and a message that names a remedy. Errors that are
// already faults pass unchanged.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Unavailable, err, "timeout", "the request took too long and was stopped; nothing was changed")
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return fault.Wrap(fault.Unavailable, err, "closed", "the database connection ended; try again")
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyPostgres(e)
	}
	// database/sql does not export this one.
	if err.Error() == "sql: database is closed" {
		return fault.Wrap(fault.Unavailable, err, "closed", "the database is closed")
	}
	if isSQLite(err) {
		return classifySQLite(err)
	}
	if lost(err) {
		return fault.Wrap(fault.Unavailable, err, "database_away", "the database server cannot be reached or does not answer; try again, or check host and port in --database")
	}
	return fault.Wrap(fault.Internal, err, "database", "internal error")
}

// isSQLite reports whether SQLite itself failed. Its errors look like those of a network.
func isSQLite(err error) bool {
	_, full := errors.AsType[*sqlite3.Error](err)
	_, code := errors.AsType[sqlite3.ErrorCode](err)
	_, extended := errors.AsType[sqlite3.ExtendedErrorCode](err)
	return full || code || extended
}

// lost reports whether a connection to the server was lost, or never made.
func lost(err error) bool {
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connect || network || errors.Is(err, errSilent) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// classifyCommit is Classify for the error of a commit. Only a server that says so has undone the
// transaction: where its answer was lost, or the wait for its standby was cut short, it may be stored.
func classifyCommit(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && !ending(e.Code) && e.Code != "57014" {
		return Classify(err)
	}
	// database/sql looks at the context before it sends anything, and gives its error unwrapped. What
	// pgx calls safe to retry is not, here: it says so of a connection that broke before the answer.
	unsent := err == context.Canceled || err == context.DeadlineExceeded //nolint:errorlint // see above
	if unsent || errors.Is(err, sql.ErrTxDone) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return Classify(err)
	}
	return fault.Wrap(fault.Unavailable, err, reasonUnknown, "the database went away while this was being saved, and it is not known whether it was: look before you repeat it")
}

const reasonUnknown = "outcome_unknown"

// ending reports whether the server ends the session with an error of this code.
func ending(code string) bool {
	return strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08") || code == "25P03"
}

func classifySQLite(err error) error {
	switch {
	case errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.IOERR_SHMSIZE), errors.Is(err, sqlite3.IOERR_SHMMAP), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.Wrap(fault.Unavailable, err, "disk_full", "the disk is full; nothing was changed: make room and try again")
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return fault.Wrap(fault.Unavailable, err, "disk_read_only", "the data folder cannot be written; nothing was changed: check its owner and mount")
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return fault.Wrap(fault.Unavailable, err, "busy", "the database is busy; try again")
	case errors.Is(err, sqlite3.INTERRUPT):
		return fault.Wrap(fault.Unavailable, err, "timeout", "the request took too long and was stopped; nothing was changed")
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return fault.Wrap(fault.Unavailable, err, "corrupt", "the database file is damaged or has been altered; restore a backup (wardbook restore)")
	case errors.Is(err, sqlite3.IOERR):
		return fault.Wrap(fault.Unavailable, err, "disk_error", "the disk reported an error, or a page of the database file was altered; nothing was changed: run wardbook doctor")
	case errors.Is(err, sqlite3.CONSTRAINT):
		return fault.Wrap(fault.Conflict, err, "constraint", "this clashes with what is stored")
	case errors.Is(err, sqlite3.TOOBIG):
		return fault.Wrap(fault.TooLarge, err, "too_large", "a value is too large to store")
	case strings.HasSuffix(err.Error(), "integer overflow"): // of sum(); SQLite has no code for it
		return fault.Wrap(fault.Invalid, err, "out_of_range", "a number or a sum is too large")
	}
	return fault.Wrap(fault.Internal, err, "database", "internal error")
}

func classifyPostgres(e *pgconn.PgError) error {
	switch {
	case strings.HasPrefix(e.Code, "23"):
		return fault.Wrap(fault.Conflict, e, "constraint", "this clashes with what is stored")
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03":
		return fault.Wrap(fault.Unavailable, e, "busy", "the database is busy; try again")
	case e.Code == "53100":
		return fault.Wrap(fault.Unavailable, e, "disk_full", "the database server's disk is full; nothing was changed")
	case e.Code == "25006":
		return fault.Wrap(fault.Unavailable, e, "read_only", "the database server takes no writes at the moment; nothing was changed: try again")
	case e.Code == "57014":
		return fault.Wrap(fault.Unavailable, e, "timeout", "the request took too long and was stopped; nothing was changed")
	case ending(e.Code), strings.HasPrefix(e.Code, "53"):
		return fault.Wrap(fault.Unavailable, e, "database_away", "the database server is not available; try again")
	case e.Code == "28P01", e.Code == "28000", e.Code == "3D000":
		return fault.Wrap(fault.Unavailable, e, "database_refused", "the database server refused the connection; check user, password and database name in --database")
	case e.Code == "42501":
		return fault.Wrap(fault.Unavailable, e, "database_refused", "the database role lacks a right that Wardbook needs: make it the owner of its schema, or let it create one (GRANT CREATE ON DATABASE)")
	case e.Code == "22003":
		return fault.Wrap(fault.Invalid, e, "out_of_range", "a number or a sum is too large")
	}
	return fault.Wrap(fault.Internal, e, "database", "internal error")
}

// retryable reports whether running the transaction again may help: a serialization failure, a
// deadlock, a lock not got in time, or a connection that was lost. A server that does not answer was
// waited for already.
func retryable(err error) bool {
	if fault.Reason(err) == reasonUnknown {
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || e.Code == "55P03" || ending(e.Code)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errSilent) {
		return false
	}
	return lost(err)
}
