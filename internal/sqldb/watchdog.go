package sqldb

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// errSilent is what a connection ends with whose server did not answer.
var errSilent = errors.New("the database server did not answer in time")

// watchdog returns a dialer whose connections end when the server owes bytes, or takes none, for
// longer than limit. Neither TCP nor the server can tell: the kernel of a machine whose PostgreSQL is
// frozen still acknowledges, and a timeout on the server freezes with it.
func watchdog(limit time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: limit, Interval: limit / 3, Count: 3}}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return watch(conn, limit), nil
	}
}

// watched is a connection under a watchdog. PostgreSQL speaks when it is spoken to, so somebody who
// reads always awaits an answer, and an idle connection is not read.
type watched struct {
	net.Conn

	limit       time.Duration
	read, write *time.Timer
	silent      atomic.Bool
}

func watch(conn net.Conn, limit time.Duration) *watched {
	c := &watched{Conn: conn, limit: limit}
	bite := func() {
		c.silent.Store(true)
		_ = c.Conn.Close() // wakes whoever reads or writes
	}
	c.read, c.write = time.AfterFunc(limit, bite), time.AfterFunc(limit, bite)
	c.read.Stop()
	c.write.Stop()
	return c
}

// Read implements net.Conn.
func (c *watched) Read(b []byte) (int, error) {
	c.read.Reset(c.limit)
	defer c.read.Stop()
	n, err := c.Conn.Read(b)
	return n, c.reason(err)
}

// Write implements net.Conn.
func (c *watched) Write(b []byte) (int, error) {
	c.write.Reset(c.limit)
	defer c.write.Stop()
	n, err := c.Conn.Write(b)
	return n, c.reason(err)
}

func (c *watched) reason(err error) error {
	if err != nil && c.silent.Load() {
		return errSilent
	}
	return err
}
