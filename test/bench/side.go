package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A side is one of the servers that are compared. It holds the rows of rows.go.
type side interface {
	name() string
	// load makes the folder with its rows and says what that took; the server does not run.
	load(ctx context.Context, s shape) (string, error)
	// start starts the server and returns once it answers.
	start(ctx context.Context) error
	process() *process
	// learn reads what the requests need, such as identifiers; the server runs.
	learn(ctx context.Context, s shape) error
	// request makes a request for an operation on what was picked.
	request(op string, p pick) (method, path string, body any)
	headers(h http.Header)
	// total reads how many rows there are in all from an answer to a list or a search with a total, or
	// the groups from an answer to group.
	total(op string, body []byte) (string, error)
}

// Operations of the HTTP part, in the order in which they run: those that change rows come last, since
// how many a side gets done differs.
const (
	opRead     = "read"
	opList     = "list 50 of a company, sorted by name, with total"
	opListFew  = "the same without total"
	opDeals    = "list 50 deals: stage, amount, sorted"
	opSearch   = "search 3 letters of a name, first 50, with total"
	opGroup    = "count deals by stage"
	opUpdate   = "update"
	opCreate   = "create"
	opImport   = "import 500 contacts in a request"
	importSize = 500
)

// pick is what a request is about, by the numbers of rows, so that all sides can be asked the same.
type pick struct {
	s       shape
	contact int
	company int
	stage   int
	above   int // amounts
	piece   string
	fresh   int // number of a row that is not there yet
}

func picked(r *rand.Rand, s shape, fresh int) pick {
	last := strings.ToLower(personOf(r.IntN(s.contacts), s.companies).Last)
	at := 2 * r.IntN(2)
	return pick{s, r.IntN(s.contacts), r.IntN(s.companies), r.IntN(8), 1000 * r.IntN(900), last[at : at+3], fresh}
}

// process is a server that was started.
type process struct {
	cmd  *exec.Cmd
	url  string
	cold time.Duration
	http *http.Client
}

// launch starts a program. Where it prints its address, as ours do, that is read; otherwise url says.
func launch(ctx context.Context, url, ready string, log string, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{cmd: exec.CommandContext(ctx, program, args...), url: url}
	p.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // where the bench is killed
	p.cmd.Stderr = out
	var first io.ReadCloser
	if url == "" {
		if first, err = p.cmd.StdoutPipe(); err != nil {
			return nil, err
		}
	}
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if url == "" {
		line := make([]byte, 4096)
		n, err := first.Read(line)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s did not start: see its log", filepath.Base(program)), err, p.stop())
		}
		text := strings.TrimSpace(string(line[:n]))
		p.url = text[strings.LastIndex(text, " ")+1:]
	}
	if err := p.wait(ctx, ready); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.cold = time.Since(begun)
	return p, nil
}

// wait asks until the server answers, for at most a minute.
func (p *process) wait(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.ask(ctx, http.MethodGet, path, nil, nil); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", p.url, ctx.Err())
		case <-tick.C:
		}
	}
}

// stop ends the server as a system would.
func (p *process) stop() error {
	p.http.CloseIdleConnections()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	late := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	err := p.cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return nil // whatever its exit code
	}
	return err
}

// ask makes a request and returns the answer; a status that is not 2xx is an error.
func (p *process) ask(ctx context.Context, method, path string, body any, headers func(http.Header)) ([]byte, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, r)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if headers != nil {
		headers(req.Header)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: status %d: %.300s", method, path, resp.StatusCode, b)
	}
	return b, err
}

// resident is the memory of the process now and at most so far, in MiB.
func (p *process) resident() (now, most int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.Atoi(f[1])
		switch f[0] {
		case "VmRSS:":
			now = n / 1024
		case "VmHWM:":
			most = n / 1024
		}
	}
	return now, most
}

// cpu is the processor time that the process has used (proc(5): in hundredths of a second).
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// freePort finds a port for a server that cannot choose one.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
