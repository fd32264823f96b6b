// Command wardbook is the whole product in one program: the server, and the commands that set it up,
// feed it, and check it.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // people choose a time zone on machines that know none

	"github.com/alecthomas/kong"

	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/fault"
)

// version is set by the linker.
var version = "unknown"

// memory is how many bytes the Go heap may take before rubbish is collected more often than else. It
// may take more where there is no rubbish. The pages that SQLite keeps come on top.
const memory = 192 << 20

func main() {
	syscall.Umask(0o077)                           // what the program makes is for its owner alone
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // else GOMEMLIMIT says it
		debug.SetMemoryLimit(memory)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, rand: rand.Reader, terminal: isTerminal(os.Stderr),
	})
	stop()
	os.Exit(code)
}

// env is the world as the commands see it.
type env struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	rand     io.Reader
	terminal bool // progress may be drawn
}

// commands is the command line.
type commands struct {
	Init    initCommand    `cmd:"" help:"Create an organisation: data folder, keys, first person."`
	Serve   serveCommand   `cmd:"" help:"Serve an organisation over HTTP until SIGTERM."`
	Demo    demoCommand    `cmd:"" help:"Serve a temporary company to look around in."`
	Import  importCommand  `cmd:"" help:"Read records from a CSV, XLSX or vCard file."`
	Export  exportCommand  `cmd:"" help:"Write records to a CSV, XLSX, JSON or vCard file."`
	List    listCommand    `cmd:"" help:"Print records of an object."`
	Get     getCommand     `cmd:"" help:"Print one record."`
	Why     whyCommand     `cmd:"" help:"Say by which grants a record is seen, and what may be done to it."`
	Create  createCommand  `cmd:"" help:"Make a record."`
	Set     setCommand     `cmd:"" help:"Change fields of a record."`
	Journal journalCommand `cmd:"" help:"Verify, follow or export the journal."`
	Key     keyCommand     `cmd:"" help:"Look after the keys."`
	Token   tokenCommand   `cmd:"" help:"Make, list and revoke API tokens."`
	User    userCommand    `cmd:"" help:"List, invite, disable and enable people."`
	Status  statusCommand  `cmd:"" help:"Say what the organisation holds."`
	Object  objectCommand  `cmd:"" help:"List, show, make, change and hide objects."`
	Field   fieldCommand   `cmd:"" help:"Add, change and hide fields of objects."`
	Undo    undoCommand    `cmd:"" help:"Take back everything that a change set changed."`
	Doctor  doctorCommand  `cmd:"" help:"Check that everything is as it should be."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Completion completionCommand `cmd:"" help:"Print a script that completes command lines in a shell."`
	Man        manCommand        `cmd:"" help:"Print the manual page, for man -l or a folder of MANPATH."`

	Release kong.VersionFlag `name:"version" help:"Print the version."`
}

// usage is the exit code for a command line that cannot be understood.
const usage = 2

func run(ctx context.Context, args []string, e env) (code int) {
	exited := false
	parser, err := grammar(ctx, e, func(c int) { code, exited = c, true })
	if err != nil {
		fmt.Fprintln(e.err, "wardbook: "+err.Error())
		return 1
	}
	k, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintf(e.err, "wardbook: %v\nTry: wardbook --help\n", err)
		if strings.Contains(err.Error(), "unknown flag --server") {
			fmt.Fprintln(e.err, "This command works on the folder itself: run it where that is, without --server.")
		}
		return usage
	}
	if err := k.Run(); err != nil {
		complain(e.err, err)
		return fault.ExitCode(err)
	}
	return 0
}

// grammar is how a command line is read.
func grammar(ctx context.Context, e env, exit func(code int)) (*kong.Kong, error) {
	return kong.New(&commands{},
		kong.Name("wardbook"), kong.Description("A CRM for companies that cannot afford to lose customer data."),
		kong.Vars{"version": "wardbook " + version}, kong.Writers(e.out, e.err), kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(e))
}

// complain says what went wrong, for people: the message, and each field with its remedy.
func complain(w io.Writer, err error) {
	fmt.Fprintln(w, "wardbook: "+fault.Message(err))
	fields := fault.FieldsOf(err)
	if len(fields) > 1 {
		for _, f := range fields {
			fmt.Fprintf(w, "  %s: %s\n", f.Name, f.Message)
		}
	}
	if fault.Is(err, fault.Internal) {
		fmt.Fprintln(w, "  "+err.Error())
	}
}

// where are the flags that name an organisation.
type where struct {
	Data           string `help:"The organisation's folder." env:"WARDBOOK_DATA" placeholder:"DIR"`
	KeyFile        string `help:"File that unlocks the data; never inside the folder." env:"WARDBOOK_KEY_FILE" placeholder:"FILE"`
	PassphraseFile string `help:"File with a passphrase that unlocks the data instead." env:"WARDBOOK_PASSPHRASE_FILE" placeholder:"FILE"`
	Database       string `help:"PostgreSQL URL, for an organisation that was created with one." env:"WARDBOOK_DATABASE" placeholder:"URL"`
	examine        bool
}

func (w where) config() config.Config {
	return config.Config{Data: w.Data, KeyFile: w.KeyFile, PassphraseFile: w.PassphraseFile, Database: w.Database, Examine: w.examine}
}

// asJSON is the flag of commands that read.
type asJSON struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// print writes v as JSON where that was asked for, and otherwise what text writes.
func (a asJSON) print(e env, v any, text func(w io.Writer)) error {
	if !a.JSON {
		text(e.out)
		return nil
	}
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type versionCommand struct{ asJSON }

// Run implements the command.
func (c *versionCommand) Run(e env) error {
	return c.print(e, map[string]string{"version": version}, func(w io.Writer) { fmt.Fprintln(w, "wardbook "+version) })
}
