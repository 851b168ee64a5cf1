export DCS_SHELL=bash
if [ "${BASH_VERSINFO[0]}${BASH_VERSINFO[1]}" -ge 42 ] && ! declare -p DCS_BRANCH_MAP >/dev/null 2>&1; then
  declare -gA DCS_BRANCH_MAP=()
fi

# Only a new directory costs a subshell: bash has no other way to the physical path.
_dcs_where() {
  [ -z "$_dcs_here" ] || [ "$PWD" != "${_dcs_pwd-}" ] || return 0
  _dcs_pwd=$PWD
  _dcs_here=$(builtin pwd -P 2>/dev/null)
}

# Case of ASCII words is no matter.
_dcs_same() {
  local same=1
  shopt -s nocasematch
  [[ $1 != "$2" ]] || same=0
  shopt -u nocasematch
  return "$same"
}

# DCS_BRANCH_MAP, a map or `qa=stg,test=dev`, as a list that programs started from here get too.
_dcs_pairs() {
  local branch= IFS=' '
  case "${!DCS_BRANCH_MAP[*]}" in
    '') _dcs_map= ;;
    0) export DCS_BRANCH_MAP && _dcs_map=,${DCS_BRANCH_MAP//[[:space:]]/,} ;;
    *)
      _dcs_map=
      for branch in "${!DCS_BRANCH_MAP[@]}"; do _dcs_map=$_dcs_map,$branch=${DCS_BRANCH_MAP[$branch]}; done
      ;;
  esac
  if [ -z "$_dcs_map" ]; then unset DCS_BRANCH_PAIRS; else export DCS_BRANCH_PAIRS="${_dcs_map#,}"; fi
}

# Without mapfile (bash 3, of macOS) byte by byte.
_dcs_text() {
  local IFS=
  if [ "${BASH_VERSINFO[0]}" -ge 4 ]; then
    local -a lines=()
    mapfile lines
    text="${lines[*]-}"
  else
    read -r -d '' text || :
  fi
}

# Fails unless dcs.yaml still is the text that the rules were made from.
_dcs_read() {
  local rules= kind= one= two= three= rest= text= known=
  case ${XDG_STATE_HOME-} in /*) rules=$XDG_STATE_HOME ;; *) rules=${HOME-}/.local/state ;; esac
  rules=$rules/dcs/shell$_dcs_file
  [ -f "$rules" ] && [ -r "$rules" ] && [ -f "$_dcs_file" ] && [ -r "$_dcs_file" ] || return 1
  {
    read -r kind && [ "$kind" = 'dcs shell 1' ] || return 1
    while read -r kind one two three rest && [ "$kind" != --- ]; do _dcs_rule "$kind" "$one" "$two" "$three"; done
    _dcs_text
  } <"$rules"
  known=$text
  _dcs_text <"$_dcs_file"
  [ "$known" = "$text" ]
}

_dcs_look() {
  local traced= nocase= IFS=$' \t\n'
  # A trace would show the token.
  case $- in *x*) { traced=1; set +x; } 2>/dev/null ;; esac
  ! shopt -q nocasematch || { nocase=1; shopt -u nocasematch; }
  DCS_PROMPT=
  case ${DCS_AUTO_ENV-} in
    0) export DCS_AUTO_ENV && _dcs_file= _dcs_env= _dcs_mark= _dcs_trust=no ;;
    *)
      _dcs_pairs || :
      _dcs_choose || :
      [ -z "$_dcs_env" ] || DCS_PROMPT="[dcs:$_dcs_env$_dcs_mark] "
      ;;
  esac
  [ -z "$nocase" ] || shopt -s nocasematch
  [ -z "$traced" ] || set -x
}

if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
  case " ${PROMPT_COMMAND[*]-} " in *_dcs_hook*) ;; *) PROMPT_COMMAND=(_dcs_hook ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"}) ;; esac
else
  case ${PROMPT_COMMAND-} in *_dcs_hook*) ;; *) PROMPT_COMMAND="_dcs_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;; esac
fi
