set -gx DCS_SHELL fish
set -q _dcs_names; or set -g _dcs_names
set -q _dcs_kept; or set -g _dcs_kept

# _dcs_file: the dcs.yaml that dcs would take, or nothing. _dcs_git: the .git above it. Fails where dcs would, or where it would rewrite the path.
function _dcs_find
    set -g _dcs_file
    set -g _dcs_git
    set -l here (builtin pwd -P 2>/dev/null)
    or return 0
    set -l dir $here
    set -l file
    if test -n "$DCS_CONFIG_FILE"
        set file $DCS_CONFIG_FILE
        string match -q '/*' -- $file; or set file (string replace -r '/$' '' -- $dir)/$file
        string match -qr '//|/\.\.?/' -- $file/; and return 1
        set dir (string replace -r '/[^/]*$' '' -- $file)
    end
    test "$dir" = /; and set dir ''
    while true
        if test -z "$file"
            test -e "$dir/dcs.yml"; and set file $dir/dcs.yml
            if test -e "$dir/dcs.yaml"
                test -n "$file"; and return 1
                set file $dir/dcs.yaml
            end
        end
        if test -e "$dir/.git"
            set _dcs_git $dir/.git
            break
        end
        test -n "$dir"; or break
        set dir (string replace -r '/[^/]*$' '' -- $dir)
    end
    # Without a repository dcs looks no further than the working directory.
    if test -z "$DCS_CONFIG_FILE" -a -z "$_dcs_git"
        set -l base (string replace -r '/$' '' -- $here)
        contains -- "$file" $base/dcs.yaml $base/dcs.yml; or set file
    end
    set _dcs_file $file
    return 0
end

# Prints the branch. Fails where git's files cannot be read.
function _dcs_branch
    test -n "$_dcs_git"; or return 0
    set -l head $_dcs_git/HEAD
    set -l line
    if test -f $_dcs_git
        test -r $_dcs_git; or return 1
        read line <$_dcs_git
        set line (string replace -rf '^gitdir: (.+?)\s*$' '$1' -- $line)
        test -n "$line"; or return 0
        string match -q '/*' -- $line; or set line (string replace -r '/\.git$' '' -- $_dcs_git)/$line
        set head $line/HEAD
    end
    test -e $head; or return 0
    test -r $head -a -f $head; or return 1
    read line <$head
    string replace -rf '^ref: refs/heads/(.+?)\s*$' '$1' -- $line
    return 0
end

# The rules (src/shell/rules.ts), a line each. Fails unless dcs.yaml still is the text that they were made from.
function _dcs_rules
    set -l state $HOME/.local/state
    string match -q '/*' -- "$XDG_STATE_HOME"; and set state $XDG_STATE_HOME
    set -l file $state/dcs/shell$_dcs_file
    test -f $file -a -r $file -a -f $_dcs_file -a -r $_dcs_file; or return 1
    set -l text
    set -l known
    read -z text <$_dcs_file
    read -z known <$file
    set -l parts (string split -m 1 -- \n---\n $known)
    # fish drops what ends a list: compare with something behind it.
    test "$parts[2..]." = "$text."; or return 1
    set -l lines (string split -- \n $parts[1])
    test "$lines[1]" = 'dcs shell 1'; or return 1
    printf '%s\n' $lines[2..]
end

# What a word means: $argv[1] is 1 for DCS_ENV, 2 for DCS_BRANCH_MAP; then the word, then the rules.
function _dcs_word
    set -l exact (string match -r -- '^word \S+ \S+ '(string escape --style=regex -- $argv[2])'$' $argv[3..])
    test -n "$exact"
    or set exact (string match -r -- '^kind \S+ \S+ '(string escape --style=regex -- (string lower -- $argv[2]))'$' $argv[3..])
    test -n "$exact"; or return 1
    set -l fields (string split ' ' -- $exact[1])
    echo $fields[(math 1 + $argv[1])]
end

# _dcs_env: the environment that a command here would take; `?` when only dcs itself can tell; nothing outside a project. _dcs_mark: what has to stand beside it.
function _dcs_choose
    set -g _dcs_env
    set -g _dcs_mark
    set -g _dcs_trust no
    if not _dcs_find
        set _dcs_env '?'
        return
    end
    test -n "$_dcs_file"; or return
    set _dcs_env '?'
    # In CI dcs asks the provider.
    for system in "$CI" "$GITHUB_ACTIONS" "$GITLAB_CI" "$CIRCLECI" "$BUILDKITE"
        contains -- "$system" '' false; or return
    end
    set -l token
    if string match -q '*dp.st.*' -- "$DOPPLER_TOKEN"
        set token (string replace -rf '^dp\.st\.([a-z0-9_-]{2,35})\.[a-zA-Z0-9]+$' '$1' -- $DOPPLER_TOKEN)
        or return
    end
    set -l branch (_dcs_branch)
    or return
    set -l rules (_dcs_rules)
    or return
    set -l pick
    set -l mapped
    if test -n "$branch"; and not string match -qr '[=,]' -- $branch
        set -l pair (string match -r -- '(?:^|[\s,])'(string escape --style=regex -- $branch)'=([^\s,]*)' "$DCS_BRANCH_MAP")
        set mapped $pair[2]
    end
    if test -n "$DCS_ENV"
        set pick (_dcs_word 1 $DCS_ENV $rules)
    else if test -n "$token"
        set pick (string replace -rf '^env (\S+) \S+ '$token' .*$' '$1' -- $rules)[1]
    else if test -n "$mapped"
        set pick (_dcs_word 2 $mapped $rules)
    else
        set pick (string replace -rf '^default (\S+)$' '$1' -- $rules)
        if test -n "$branch"
            for rule in (string match 'branch *' -- $rules)
                set -l fields (string split -m 2 ' ' -- $rule)
                if string match -qr -- $fields[3] $branch
                    set pick $fields[2]
                    break
                end
            end
        end
    end
    contains -- "$pick" '' -; and return
    set -l fields (string split ' ' -- (string match 'env '$pick' *' -- $rules)[1])
    test -n "$token"; and test "$fields[4]" != "$token"; and return
    set _dcs_env $pick
    set _dcs_trust (string replace -rf '^trust (.*)$' '$1' -- $rules)
    test "$fields[3]" = -; or set _dcs_mark " $fields[3]"
    if string match -qr '^[a-z]+://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d*)?(/|$)' -- "$DOPPLER_API_HOST"
        set _dcs_mark "$_dcs_mark SANDBOX"
    end
end

function _dcs_look
    set -g DCS_PROMPT
    if test "$DCS_AUTO_ENV" = 0
        set -gx DCS_AUTO_ENV 0
        set -g _dcs_file
        set -g _dcs_env
        set -g _dcs_mark
        set -g _dcs_trust no
        return
    end
    set -q DCS_BRANCH_MAP; and set -x DCS_BRANCH_MAP $DCS_BRANCH_MAP
    _dcs_choose
    test -n "$_dcs_env"; and set DCS_PROMPT "[dcs:$_dcs_env$_dcs_mark] "
    return 0
end

# What stands in a prompt: (dcs_prompt_info), or $DCS_PROMPT.
function dcs_prompt_info
    _dcs_look
    printf '%s' $DCS_PROMPT
end

function _dcs_hook --on-event fish_prompt
    _dcs_look
    set -l state "$_dcs_file:$_dcs_env$_dcs_mark:$_dcs_trust"
    test "$state" = "$_dcs_told"; and return
    set -g _dcs_told $state
    set -l quiet
    test "$DCS_QUIET" = 1; and set quiet --quiet
    if test -n "$DCS_PROMPT" -a -z "$quiet"
        if test "$_dcs_env" = '?'
            echo '[dcs] the environment here: dcs context' >&2
        else
            echo "[dcs] $_dcs_env$_dcs_mark" >&2
        end
    end
    _dcs_leave
    # Values come and go with the folder, and only after dcs trust.
    test "$DCS_AUTO_ENV" = export -a "$_dcs_trust" = yes; and dcs shell export fish --reveal $quiet | source
end

# Remembers what these names hold now.
function _dcs_keep
    for name in $argv
        set -qg $name; and set -g _dcs_old_$name $$name
        set -ga _dcs_kept $name
    end
end

# Remembers what they hold since, to know later what is still dcs's.
function _dcs_kept_now
    for name in $_dcs_kept
        set -g _dcs_new_$name $$name
    end
    set -gx DCS_EXPORTED "$_dcs_kept "
end

# What was there before is there again; what was changed meanwhile stays.
function _dcs_leave
    for name in $_dcs_kept
        set -l new _dcs_new_$name
        set -l old _dcs_old_$name
        if test "$$name" = "$$new"
            if set -q $old
                set -gx $name $$old
            else
                set -eg $name
            end
        end
        set -eg $new
        set -eg $old
    end
    set _dcs_kept
    set -e DCS_EXPORTED
end

# A name that is taken stays what it was.
function _dcs_define
    contains -- $argv[1] $_dcs_names; or not type -q -- $argv[1]; or return 0
    contains -- $argv[1] $_dcs_names; or set -ga _dcs_names $argv[1]
    set -l body $argv[2]
    set -l wraps
    test (count $argv) -gt 2; and set wraps --wraps=(string escape -- $argv[3])
    eval "function $argv[1] $wraps; $body; end"
end

function _dcs_run
    if string match -q -- '-*' "$argv[1]"
        dcs run $argv
    else
        dcs run -- $argv
    end
end

function _dcs_root
    if not _dcs_find; or test -z "$_dcs_file"
        echo 'No dcs.yaml here or above.' >&2
        return 1
    end
    cd (string replace -r '[^/]*$' '' -- $_dcs_file)
end

function _dcs_new
    if test (count $argv) -eq 0
        echo 'dnew FOLDER [flags of dcs init]' >&2
        return 64
    end
    mkdir -- $argv[1]; and cd $argv[1]; and dcs init $argv[2..]
end

# What a shell around this one brought goes with its folder, too.
if test -z "$_dcs_kept"; and string match -qr '^[A-Z0-9_ ]+$' -- "$DCS_EXPORTED"
    set _dcs_kept (string split -n ' ' -- $DCS_EXPORTED)
    _dcs_kept_now
end
_dcs_define dcss 'dcs sync $argv' 'dcs sync'
_dcs_define dcst 'dcs status $argv' 'dcs status'
_dcs_define dcsd 'dcs diff $argv' 'dcs diff'
_dcs_define dcsr '_dcs_run $argv' 'dcs run'
_dcs_define dcs-dev 'dcs sync -e dev $argv'
_dcs_define dcs-stg 'dcs sync -e stg $argv'
_dcs_define dcs-prd 'dcs sync -e prd $argv'
_dcs_define dcs-root _dcs_root
_dcs_define dcs-context 'dcs context $argv'
_dcs_define dcs-init 'dcs init $argv'
_dcs_define dcs-hooks 'test (count $argv) -gt 0; or set argv install; dcs hooks $argv'
_dcs_define dsync 'dcs sync $argv' 'dcs sync'
_dcs_define drun '_dcs_run $argv' 'dcs run'
_dcs_define dnew '_dcs_new $argv'
