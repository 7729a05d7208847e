"""The subcommands, one module each; `linkmode.cli.main` loads a module when its command is called."""
