# The same text in bash and zsh. No program is started; paths are the physical ones that dcs itself sees.

# _dcs_file: the dcs.yaml that dcs would take, or nothing. _dcs_git: the .git above it. Fails where dcs would, or where it would rewrite the path.
_dcs_find() {
  local dir= file=
  _dcs_file= _dcs_git=
  _dcs_where || return 0
  dir=$_dcs_here
  if [ -n "${DCS_CONFIG_FILE-}" ]; then
    file=$DCS_CONFIG_FILE
    case $file in /*) ;; *) file=${dir%/}/$file ;; esac
    case $file/ in *//* | */./* | */../*) return 1 ;; esac
    dir=${file%/*}
  fi
  [ "$dir" != / ] || dir=
  while :; do
    if [ -z "$file" ]; then
      [ ! -e "$dir/dcs.yml" ] || file=$dir/dcs.yml
      if [ -e "$dir/dcs.yaml" ]; then
        [ -z "$file" ] || return 1
        file=$dir/dcs.yaml
      fi
    fi
    if [ -e "$dir/.git" ]; then
      _dcs_git=$dir/.git
      break
    fi
    [ -n "$dir" ] || break
    dir=${dir%/*}
  done
  # Without a repository dcs looks no further than the working directory.
  if [ -z "${DCS_CONFIG_FILE-}" ] && [ -z "$_dcs_git" ]; then
    case $file in "${_dcs_here%/}/dcs.yaml" | "${_dcs_here%/}/dcs.yml") ;; *) file= ;; esac
  fi
  _dcs_file=$file
}

# Sets the caller's `branch`. Fails where git's files cannot be read.
_dcs_branch() {
  local line= head=$_dcs_git/HEAD
  [ -n "$_dcs_git" ] || return 0
  if [ -f "$_dcs_git" ]; then
    [ -r "$_dcs_git" ] || return 1
    IFS= read -r line <"$_dcs_git" || :
    line=${line%$'\r'}
    case $line in
      'gitdir: /'*) head=${line#gitdir: }/HEAD ;;
      'gitdir: '?*) head=${_dcs_git%/.git}/${line#gitdir: }/HEAD ;;
      *) return 0 ;;
    esac
  fi
  [ -e "$head" ] || return 0
  [ -r "$head" ] && [ -f "$head" ] || return 1
  line=
  read -r line <"$head" || :
  line=${line%$'\r'}
  case $line in 'ref: refs/heads/'?*) branch=${line#ref: refs/heads/} ;; esac
}

# The config of the service token in use. Fails where it looks like a token that dcs might read otherwise.
_dcs_token() {
  local tail=
  case ${DOPPLER_TOKEN-} in
    dp.st.*.*) token=${DOPPLER_TOKEN#dp.st.} tail=${token#*.} token=${token%%.*} ;;
    *dp.st.*) return 1 ;;
    *) return 0 ;;
  esac
  case $token in '' | ? | *[!a-z0-9_-]*) return 1 ;; esac
  case $tail in '' | *[!A-Za-z0-9]*) return 1 ;; esac
  [ "${#token}" -le 35 ]
}

# One line of the rules file (src/shell/rules.ts).
_dcs_rule() {
  case $1 in
    trust) trusted=$2 ;;
    word) [ "$4" != "$said" ] || exact=$2 exact_branch=$3 ;;
    kind) ! _dcs_same "$said" "$4" || alike=$2 alike_branch=$3 ;;
    branch)
      if [ -n "$branch" ] && [ -z "$ofbranch" ] && [[ $branch =~ $3 ]]; then ofbranch=$2; fi
      ;;
    default)
      if [ -n "${DCS_ENV-}" ]; then
        pick=${exact:-${alike:--}}
      elif [ -n "$token" ]; then
        pick=
      elif [ -n "$said" ]; then
        pick=${exact_branch:-${alike_branch:--}}
      else
        pick=${ofbranch:-$2}
      fi
      ;;
    env)
      if [ -n "$token" ]; then
        [ -n "$pick" ] || [ "$4" != "$token" ] || pick=$2
        [ "$pick" != "$2" ] || [ "$4" = "$token" ] || pick=-
      fi
      if [ "$pick" = "$2" ]; then mark=$3; fi
      ;;
  esac
}

# _dcs_env: the environment that a command here would take; `?` when only dcs itself can tell; nothing outside a project. _dcs_mark: what has to stand beside it.
_dcs_choose() {
  local branch= token= said= exact= exact_branch= alike= alike_branch= ofbranch= pick= mark=- trusted= system=
  local here='^[a-z]+://(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]*)?(/|$)'
  _dcs_env= _dcs_mark= _dcs_trust=no
  if ! _dcs_find; then
    _dcs_env='?'
    return 0
  fi
  [ -n "$_dcs_file" ] || return 0
  _dcs_env='?'
  # In CI dcs asks the provider.
  for system in "${CI-}" "${GITHUB_ACTIONS-}" "${GITLAB_CI-}" "${CIRCLECI-}" "${BUILDKITE-}"; do
    case $system in '' | false) ;; *) return 0 ;; esac
  done
  _dcs_token && _dcs_branch || return 0
  said=${DCS_ENV-}
  if [ -z "$said" ] && [ -z "$token" ] && [ -n "$branch" ]; then
    case $branch in
      *=* | *,*) ;;
      *) case ,$_dcs_map, in *",$branch="*) said=${_dcs_map#*",$branch="} said=${said%%,*} ;; esac ;;
    esac
  fi
  _dcs_read || return 0
  case $pick in '' | -) return 0 ;; esac
  _dcs_env=$pick _dcs_trust=$trusted
  [ "$mark" = - ] || _dcs_mark=" $mark"
  if [[ ${DOPPLER_API_HOST-} =~ $here ]]; then _dcs_mark="$_dcs_mark SANDBOX"; fi
}

# What stands in a prompt: PS1='$(dcs_prompt_info)'"$PS1", or without a subshell ${DCS_PROMPT}.
dcs_prompt_info() {
  _dcs_look
  [ -z "$DCS_PROMPT" ] || printf '%s' "$DCS_PROMPT"
}

# Before each prompt.
_dcs_hook() {
  local before=$? state= traced=
  # A trace would show values.
  case $- in *x*) { traced=1; set +x; } 2>/dev/null ;; esac
  _dcs_look
  state=$_dcs_file:$_dcs_env$_dcs_mark:$_dcs_trust
  if [ "$state" != "$_dcs_told" ]; then
    _dcs_told=$state
    if [ -n "$DCS_PROMPT" ] && [ "${DCS_QUIET:-0}" != 1 ]; then
      if [ "$_dcs_env" = '?' ]; then
        printf '%s\n' '[dcs] the environment here: dcs context' >&2
      else
        printf '%s\n' "[dcs] $_dcs_env$_dcs_mark" >&2
      fi
    fi
    _dcs_leave
    case ${DCS_AUTO_ENV-}:$_dcs_trust in export:yes) _dcs_enter || : ;; esac
  fi
  [ -z "$traced" ] || set -x
  case $- in *e*) return 0 ;; esac
  return "$before"
}

# Values come and go with the folder (DCS_AUTO_ENV=export, and only after dcs trust).
_dcs_enter() {
  local quiet=
  [ "${DCS_QUIET:-0}" != 1 ] || quiet=q
  eval "$(dcs shell export "$DCS_SHELL" --reveal ${quiet:+--quiet})"
}

# Remembers what these names hold now.
_dcs_keep() {
  local name=
  for name in "$@"; do
    eval "if [ -n \"\${$name+x}\" ]; then _dcs_old_$name=\$$name; fi"
    _dcs_kept="$_dcs_kept$name "
  done
}

# Remembers what they hold since, to know later what is still dcs's.
_dcs_kept_now() {
  local name= rest=$_dcs_kept
  while [ -n "$rest" ]; do
    name=${rest%% *} rest=${rest#* }
    eval "_dcs_new_$name=\${$name-}"
  done
  export DCS_EXPORTED="$_dcs_kept"
}

# What was there before is there again; what was changed meanwhile stays.
_dcs_leave() {
  local name=
  while [ -n "$_dcs_kept" ]; do
    name=${_dcs_kept%% *} _dcs_kept=${_dcs_kept#* }
    eval "
      if [ \"\${$name-}\" = \"\${_dcs_new_$name-}\" ]; then
        if [ -n \"\${_dcs_old_$name+x}\" ]; then $name=\$_dcs_old_$name; else unset $name; fi
      fi
      unset _dcs_old_$name _dcs_new_$name"
  done
  unset DCS_EXPORTED
}

# A name that is taken stays what it was.
_dcs_define() {
  case " $_dcs_names " in *" $1 "*) ;; *) ! command -v "$1" >/dev/null 2>&1 || return 0 ;; esac
  _dcs_names="$_dcs_names $1"
  eval "function $1 { $2; }"
}

_dcs_run() {
  case ${1-} in -*) dcs run "$@" ;; *) dcs run -- "$@" ;; esac
}

_dcs_root() {
  if ! _dcs_find || [ -z "$_dcs_file" ]; then
    printf '%s\n' 'No dcs.yaml here or above.' >&2
    return 1
  fi
  cd "${_dcs_file%/*}/"
}

_dcs_new() {
  if [ "$#" -eq 0 ]; then
    printf '%s\n' 'dnew FOLDER [flags of dcs init]' >&2
    return 64
  fi
  mkdir -- "$1" && cd -- "$1" && shift && dcs init "$@"
}

_dcs_names=${_dcs_names-} _dcs_told=${_dcs_told-} _dcs_map= _dcs_env= _dcs_mark= _dcs_file= _dcs_git= _dcs_here= _dcs_kept=${_dcs_kept-} _dcs_trust=no DCS_PROMPT=
# What a shell around this one brought goes with its folder, too.
case ${DCS_EXPORTED-} in '' | *[!A-Z0-9_\ ]*) ;; *) [ -n "$_dcs_kept" ] || { _dcs_kept=$DCS_EXPORTED && _dcs_kept_now; } ;; esac
_dcs_define dcss 'dcs sync "$@"'
_dcs_define dcst 'dcs status "$@"'
_dcs_define dcsd 'dcs diff "$@"'
_dcs_define dcsr '_dcs_run "$@"'
_dcs_define dcs-dev 'dcs sync -e dev "$@"'
_dcs_define dcs-stg 'dcs sync -e stg "$@"'
_dcs_define dcs-prd 'dcs sync -e prd "$@"'
_dcs_define dcs-root '_dcs_root'
_dcs_define dcs-context 'dcs context "$@"'
_dcs_define dcs-init 'dcs init "$@"'
_dcs_define dcs-hooks 'dcs hooks "${@:-install}"'
_dcs_define dsync 'dcs sync "$@"'
_dcs_define drun '_dcs_run "$@"'
_dcs_define dnew '_dcs_new "$@"'
