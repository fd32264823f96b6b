package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

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
	return classifySQLite(err)
}

func classifySQLite(err error) error {
	switch {
	case errors.Is(err, sqlite3.FULL):
		return fault.Wrap(fault.Unavailable, err, "disk_full", "the disk is full; nothing was changed: make room and try again")
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM):
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
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "53"):
		return fault.Wrap(fault.Unavailable, e, "database_away", "the database server is not available; try again")
	case e.Code == "28P01", e.Code == "28000", e.Code == "3D000":
		return fault.Wrap(fault.Unavailable, e, "database_refused", "the database server refused the connection; check user, password and database name in --database")
	}
	return fault.Wrap(fault.Internal, e, "database", "internal error")
}

// retryable reports whether running the transaction again may help: a serialization failure, a
// deadlock, a lock not got in time, or a connection that was lost.
func retryable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || e.Code == "55P03" || strings.HasPrefix(e.Code, "57P") || strings.HasPrefix(e.Code, "08")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}
