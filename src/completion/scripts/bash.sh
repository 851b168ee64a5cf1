# dcs completes in bash 3.2 and newer: from files that dcs keeps, without starting anything.

# The folder of what dcs keeps.
_dcs_folder() {
  case ${XDG_CACHE_HOME-} in /*) folder=$XDG_CACHE_HOME ;; *) folder=${HOME-}/.cache ;; esac
  folder=$folder/dcs/completion
}

# Sets `words` to the folder of the words of the dcs.yaml in use.
_dcs_words_folder() {
  local dir= file=${DCS_CONFIG_FILE-}
  dir=$(builtin pwd -P 2>/dev/null) || return 1
  case $file in
    /*) words=$folder/words$file && return ;;
    ?*) words=$folder/words$dir/$file && return ;;
  esac
  while :; do
    for file in "$dir/dcs.yaml" "$dir/dcs.yml"; do
      [ ! -f "$file" ] || { words=$folder/words$file && return; }
    done
    [ ! -e "$dir/.git" ] && [ -n "$dir" ] || return 1
    dir=${dir%/*}
  done
}

# What a flag of this command takes: sets `takes`, empty where there is no such flag.
_dcs_takes() {
  local sort= word= what= rest=
  takes=
  while IFS=$'\t' read -r sort word what rest; do
    [ "$word" != "$1" ] || { takes=$what && return; }
  done <"$folder/commands/$node"
}

_dcs_files() {
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
}

# Offers what stands for a kind. Never by compgen -W: that would evaluate the words.
_dcs_offer() {
  local word= words= file= IFS=$' \t\n'
  case $1 in
    -|text) ;;
    file) _dcs_files ;;
    =*)
      IFS=,
      for word in ${1#=}; do case $word in "$cur"*) COMPREPLY+=("$word") ;; esac; done
      ;;
    *)
      _dcs_words_folder || return 0
      for file in "$words/$1" "$words/$1@"*; do
        [ -f "$file" ] && [ -r "$file" ] || continue
        while IFS= read -r word; do case $word in "$cur"*) COMPREPLY+=("$word") ;; esac; done <"$file"
      done
      ;;
  esac
}

_dcs_complete() {
  local IFS=$' \t\n' folder= node=dcs cur=${COMP_WORDS[COMP_CWORD]} i=0 position=1 takes= pending= sort= word= what= rest=
  COMPREPLY=()
  _dcs_folder
  [ -d "$folder/commands" ] || return 0
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [ -n "$pending" ]; then
      # bash makes three words of --env=dev.
      [ "$word" = = ] || pending=
      continue
    fi
    case $word in
      --)
        if [ "$((i + 1))" -lt "$COMP_CWORD" ]; then _dcs_files; else
          while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
        fi
        return 0
        ;;
      -*)
        _dcs_takes "$word"
        case $takes in '' | -) ;; *) pending=$takes ;; esac
        ;;
      *[!a-z0-9-]*) position=$((position + 1)) ;;
      *) if [ -f "$folder/commands/$node.$word" ]; then node=$node.$word; else position=$((position + 1)); fi ;;
    esac
  done
  [ -r "$folder/commands/$node" ] || return 0
  if [ -n "$pending" ]; then
    [ "$cur" != = ] || cur=
    _dcs_offer "$pending"
    return 0
  fi
  while IFS=$'\t' read -r sort word what rest; do
    case $sort$cur in
      flag-*) case $word in "$cur"*) COMPREPLY+=("$word") ;; esac ;;
      flag*) ;;
      sub*) [ "$position" != 1 ] || case $word in "$cur"*) COMPREPLY+=("$word") ;; esac ;;
      arg*) case $word in "$position" | '*') _dcs_offer "$what" ;; esac ;;
    esac
  done <"$folder/commands/$node"
}

complete -F _dcs_complete dcs
