package script

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

type serverKey struct{}

// server is the one that a script has running.
type server struct {
	cmd *exec.Cmd
	url string
}

func (s *server) end() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

func serverOf(ts *testscript.TestScript) *server { return ts.Value(serverKey{}).(*server) }

// serve starts the server on a free port and waits until it says where it listens. Its log goes to
// server.log.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	s := serverOf(ts)
	log, err := os.OpenFile(ts.MkAbs("server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer log.Close()
	s.cmd = exec.Command(filepath.Join(strings.Split(ts.Getenv("PATH"), ":")[0], "wardbook"), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Env = []string{"WARDBOOK_DATA=" + ts.Getenv("WARDBOOK_DATA"), "WARDBOOK_KEY_FILE=" + ts.Getenv("WARDBOOK_KEY_FILE"), "WARDBOOK_DATABASE=" + ts.Getenv("WARDBOOK_DATABASE")}
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("the server did not start: %v\n%s", err, ts.ReadFile("server.log"))
	}
	s.url = strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
}

// halt ends the server as a system would, and demands that it ends well. It is not called stop, which ends
// the script.
func halt(ts *testscript.TestScript, _ bool, _ []string) {
	s := serverOf(ts)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	ts.Check(s.cmd.Wait())
	s.cmd = nil
}

// callAPI is "api [!]STATUS METHOD PATH [BODY] [Header: value]…"; the answer is the next stdout. A body @FILE
// is read from a file.
func callAPI(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: api STATUS METHOD PATH [BODY] [HEADER: VALUE]…")
	}
	var body io.Reader
	headers := args[3:]
	if len(headers) > 0 && !strings.Contains(headers[0], ": ") || len(headers) > 0 && strings.HasPrefix(headers[0], "{") {
		text := headers[0]
		if file, ok := strings.CutPrefix(text, "@"); ok {
			text = ts.ReadFile(file)
		}
		body, headers = strings.NewReader(text), headers[1:]
	}
	req, err := http.NewRequest(args[1], serverOf(ts).url+strings.ReplaceAll(args[2], " ", "%20"), body)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	if token := strings.TrimSpace(ts.ReadFile("token")); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), b, 0o600))
	ts.Logf("%d %s", resp.StatusCode, bytes.TrimSpace(b[:min(len(b), 2000)]))
	if got := strconv.Itoa(resp.StatusCode); got != args[0] {
		ts.Fatalf("%s %s: status %s, want %s", args[1], args[2], got, args[0])
	}
}

// lookup finds a value in the last answer by a path such as records.0.fields.name; "len" is the length
// of a list.
func lookup(ts *testscript.TestScript, path string) string {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("answer")), &v))
	for _, part := range strings.Split(path, "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			if part == "len" {
				v = float64(len(x))
				continue
			}
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(x) {
				ts.Fatalf("%s: no entry %s of %d", path, part, len(x))
			}
			v = x[i]
		default:
			v = nil
		}
	}
	switch x := v.(type) {
	case string:
		return x
	case nil:
		return "null"
	}
	b, err := json.Marshal(v)
	ts.Check(err)
	return string(b)
}

// checkJSON is "json PATH WANT".
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if got := lookup(ts, args[0]); (got == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// keepJSON is "keep NAME PATH": puts a value of the last answer into the environment.
func keepJSON(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], lookup(ts, args[1]))
}

// flip is "flip FILE PERCENT": changes one bit of a file.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	percent, err := strconv.Atoi(args[1])
	ts.Check(err)
	b[(len(b)-1)*percent/100] ^= 4
	ts.Check(os.WriteFile(path, b, 0o600))
}

// secret is "secret FILE.csv COLUMN…": no value of the columns stands in the data folder or the log.
func secret(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(filepath.Join(ts.Getenv("CRM"), args[0]))
	ts.Check(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	ts.Check(err)
	values := map[string]bool{}
	for i, name := range rows[0] {
		for _, want := range args[1:] {
			for _, row := range rows[1:] {
				if name == want && len(row[i]) >= 5 {
					values[row[i]] = true
				}
			}
		}
	}
	if len(values) == 0 {
		ts.Fatalf("no values to look for")
	}
	files := []string{ts.MkAbs("server.log")}
	ts.Check(filepath.WalkDir(ts.Getenv("WARDBOOK_DATA"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	for _, file := range files {
		b, err := os.ReadFile(file)
		ts.Check(err)
		for v := range values {
			if bytes.Contains(b, []byte(v)) {
				ts.Fatalf("%s holds a value of %s in clear", filepath.Base(file), args[0])
			}
		}
	}
	ts.Logf("%d values, %d files", len(values), len(files))
}

// won checks the last answer, an aggregate by company.industry, against revenue computed from the
// files with nothing of the program.
func won(ts *testscript.TestScript, _ bool, _ []string) {
	want, err := revenue(ts.Getenv("CRM"))
	ts.Check(err)
	var got struct {
		Rows []struct {
			Keys   []*string
			Values []*struct{ Amount string }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("answer")), &got))
	if len(got.Rows) != len(want) {
		ts.Fatalf("%d sectors, want %d", len(got.Rows), len(want))
	}
	for _, row := range got.Rows {
		sector := ""
		if row.Keys[0] != nil {
			sector = *row.Keys[0]
		}
		if row.Values[0] == nil || row.Values[0].Amount != fmt.Sprintf("%d.00", want[sector]) {
			ts.Fatalf("%s: want %d.00", sector, want[sector])
		}
	}
}
