export DCS_SHELL=zsh
(( ${+DCS_BRANCH_MAP} )) || typeset -gA DCS_BRANCH_MAP

_dcs_where() { _dcs_here=${PWD:A}; }
_dcs_same() { [[ ${(L)1} == "$2" ]]; }

# DCS_BRANCH_MAP, a map or `qa=stg,test=dev`, as a list that programs started from here get too.
_dcs_pairs() {
  local branch=
  _dcs_map=
  if [[ ${(t)DCS_BRANCH_MAP} == association* ]]; then
    for branch in "${(@k)DCS_BRANCH_MAP}"; do _dcs_map+=,$branch=${DCS_BRANCH_MAP[$branch]}; done
  elif [[ -n ${DCS_BRANCH_MAP-} ]]; then
    export DCS_BRANCH_MAP
    _dcs_map=,${DCS_BRANCH_MAP//[[:space:]]/,}
  fi
  if [[ -z $_dcs_map ]]; then unset DCS_BRANCH_PAIRS; else export DCS_BRANCH_PAIRS=${_dcs_map#,}; fi
}

# Fails unless dcs.yaml still is the text that the rules were made from. `$(<file)` starts no process in zsh; it drops newlines at the end.
_dcs_read() {
  local rules=${HOME-}/.local/state text= line=
  local -a lines
  [[ ${XDG_STATE_HOME-} != /* ]] || rules=$XDG_STATE_HOME
  rules+=/dcs/shell$_dcs_file
  [[ -f $rules && -r $rules && -f $_dcs_file && -r $_dcs_file ]] || return 1
  text=$(<$rules)
  lines=("${(@f)${text%%$'\n'---$'\n'*}}")
  [[ $lines[1] == 'dcs shell 1' ]] || return 1
  for line in "${(@)lines[2,-1]}"; do _dcs_rule ${=line}; done
  [[ ${text#*$'\n'---$'\n'} == "$(<$_dcs_file)" ]]
}

_dcs_look() {
  emulate -L zsh
  # A trace would show the token.
  setopt no_xtrace no_err_exit no_err_return 2>/dev/null
  local MATCH= MBEGIN= MEND=
  local -a match mbegin mend
  typeset -g DCS_PROMPT=
  if [[ ${DCS_AUTO_ENV-} == 0 ]]; then
    export DCS_AUTO_ENV
    _dcs_file= _dcs_env= _dcs_mark= _dcs_trust=no
    return 0
  fi
  _dcs_pairs
  _dcs_choose
  [[ -z $_dcs_env ]] || DCS_PROMPT="[dcs:$_dcs_env$_dcs_mark] "
  return 0
}

autoload -Uz add-zsh-hook
add-zsh-hook precmd _dcs_hook
