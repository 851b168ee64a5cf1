import { firstReason, lines, NO_VARIABLE, NOT_TEXT, NUL, type Format } from './format.ts';

/** Between single quotes a POSIX shell knows one special character: the quote itself. */
export const singleQuoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

function posixShell(title: string, own: RegExp): Format {
  return {
    title,
    variables: true,
    refuses: (entry) =>
      firstReason(entry, [NO_VARIABLE, NUL, NOT_TEXT, [`is a name that ${title} keeps for itself`, ({ name }) => own.test(name)]]),
    render: (entries) => lines(entries, ({ name, value }) => `export ${name}=${singleQuoted(value)}`),
  };
}

/** Read-only, or the shell gives them another value than the one assigned: https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html */
const BASH =
  /^(_|BASH(OPTS|PID|_.*)|DIRSTACK|EPOCH(REALTIME|SECONDS)|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTIND|PIPESTATUS|PPID|S?RANDOM|SECONDS|SHELLOPTS|SHLVL|UID)$/;

/** Numbers, arrays and twins of other variables (`path` is PATH): https://zsh.sourceforge.io/Doc/Release/Parameters.html */
const ZSH =
  /^(_|ARGC|COLUMNS|E?[GU]ID|FUNCNEST|HISTCHARS|HISTCMD|HISTSIZE|KEYBOARD_HACK|KEYTIMEOUT|LINENO|LINES|LISTMAX|MAILCHECK|OPTIND|PPID|RANDOM|SAVEHIST|SECONDS|SHLVL|TRY_BLOCK_.*|TTYIDLE|USERNAME|WATCH|ZSH_(EVAL_CONTEXT|SUBSHELL)|(dis_)?(aliases|builtins|functions|functions_source|[gs]aliases|patchars|reswords)|argv|(cd|f|mail|man|module_)?path|commands|dirstack|fignore|func(file|source)?trace|funcsourcetrace|funcstack|histchars|history|historywords|job(dirs|states|texts)|keymaps|modules|nameddirs|options|parameters|pipestatus|prompt|psvar|signals|status|termcap|terminfo|userdirs|usergroups|watch|widgets|zsh_.*)$/;

export const bash = posixShell('bash', BASH);
export const zsh = posixShell('zsh', ZSH);
