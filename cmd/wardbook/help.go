package main

// The texts that wardbook COMMAND --help ends with, for commands that say no more than examples. A
// test reads every example as the program would.

// Help implements kong.HelpProvider.
func (c *serveCommand) Help() string {
	return `SIGTERM and Ctrl-C end it when running requests have ended, after 20 seconds at most.

Examples:
  wardbook serve --data /srv/wardbook --key-file /etc/wardbook.key
  wardbook serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem`
}

// Help implements kong.HelpProvider.
func (c *demoCommand) Help() string {
	return `Everything is in a temporary folder that is gone at the end.

Examples:
  wardbook demo
  wardbook demo --lang zh --listen 127.0.0.1:9000`
}

// Help implements kong.HelpProvider.
func (c *verifyCommand) Help() string {
	return `Exits with 1 when something was altered, and says which entry is the first bad one.

Examples:
  wardbook journal verify
  wardbook journal verify --known checkpoint-of-last-month
  wardbook journal verify --export journal-2026 --key "$(cat verifier-key)"`
}

// Help implements kong.HelpProvider.
func (c *tailCommand) Help() string {
	return `Columns: number, time, decision, verb, object, record, actor.

Examples:
  wardbook journal tail
  wardbook journal tail -n 100 --json`
}

// Help implements kong.HelpProvider.
func (c *dumpCommand) Help() string {
	return `What is sealed stays sealed: an auditor can verify the folder and read no customer's data.

Example:
  wardbook journal export --output journal-2026 --purpose "yearly audit"`
}

// Help implements kong.HelpProvider.
func (c *keyStatus) Help() string {
	return `Examples:
  wardbook key status
  wardbook key status --json`
}

// Help implements kong.HelpProvider.
func (c *keyRotate) Help() string {
	return `Example:
  wardbook key rotate audit.sign`
}

// Help implements kong.HelpProvider.
func (c *keyAdd) Help() string {
	return `Examples:
  wardbook key add-slot --new-key-file /media/usb/wardbook.key --label "in the safe"
  wardbook key add-slot --new-passphrase-file passphrase.txt`
}

// Help implements kong.HelpProvider.
func (c *keyRemove) Help() string {
	return `The last slot stays: without any, nobody could open the data.

Example:
  wardbook key remove-slot 2`
}

// Help implements kong.HelpProvider.
func (c *tokenCreate) Help() string {
	return `A token may do what its scopes name and its person may, and no more.

Examples:
  wardbook token create --name "shop" --scope lead:create --days 30 --output shop.token
  wardbook token create --name "report" --scope deal:read,company:read`
}

// Help implements kong.HelpProvider.
func (c *tokenList) Help() string {
	return `Examples:
  wardbook token list
  wardbook token list --json`
}

// Help implements kong.HelpProvider.
func (c *tokenRevoke) Help() string {
	return `Example:
  wardbook token revoke 01890a5d-ac96-774b-bcce-b302099a8057`
}

// Help implements kong.HelpProvider.
func (c *statusCommand) Help() string {
	return `Examples:
  wardbook status
  wardbook status --json`
}

// Help implements kong.HelpProvider.
func (c *undoCommand) Help() string {
	return `An import, a bulk change and an edit name their change set when they are made.

Examples:
  wardbook undo 01890a5d-ac96-774b-bcce-b302099a8057 --dry-run
  wardbook undo 01890a5d-ac96-774b-bcce-b302099a8057 --skip-conflicts`
}

// Help implements kong.HelpProvider.
func (c *doctorCommand) Help() string {
	return `Exits with 1 when a check failed.

Examples:
  wardbook doctor
  wardbook doctor --json`
}

// Help implements kong.HelpProvider.
func (c *versionCommand) Help() string {
	return `Example:
  wardbook version --json`
}

// Help implements kong.HelpProvider.
func (c *keyAccept) Help() string {
	return `Example:
  wardbook key accept-older`
}
