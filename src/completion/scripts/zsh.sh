# dcs completes in zsh: from files that dcs keeps, without starting anything.

# Sets `words_of` to the folder of the words of the dcs.yaml in use.
_dcs_words_folder() {
  local dir=${PWD:A} file=${DCS_CONFIG_FILE-}
  if [[ -n $file ]]; then
    [[ $file == /* ]] || file=$dir/$file
    words_of=$folder/words$file
    return
  fi
  while true; do
    for file in $dir/dcs.yaml $dir/dcs.yml; do
      [[ -f $file ]] && words_of=$folder/words$file && return
    done
    [[ -e $dir/.git || -z $dir ]] && return 1
    dir=${dir%/*}
  done
}

# Offers what stands for a kind.
_dcs_offer() {
  local words_of file
  local -a found
  case $1 in
    -|text) return 1 ;;
    file) _files ;;
    '='*) compadd -- ${(s:,:)1#=} ;;
    *)
      _dcs_words_folder || return 1
      for file in $words_of/$1(N) $words_of/$1@*(N); do found+=(${(f)"$(<$file)"}); done
      compadd -- ${(u)found}
      ;;
  esac
}

_dcs() {
  emulate -L zsh
  setopt extendedglob
  local folder node=dcs word line pending
  local -i i position=1
  local -a lines fields subs flags
  case ${XDG_CACHE_HOME-} in /*) folder=$XDG_CACHE_HOME ;; *) folder=$HOME/.cache ;; esac
  folder=$folder/dcs/completion
  [[ -r $folder/commands/dcs ]] || return 1
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $pending ]]; then pending=; continue; fi
    case $word in
      --)
        shift $i words
        (( CURRENT -= i ))
        _normal
        return
        ;;
      -*=*) ;;
      -*)
        line=${${(M)${(f)"$(<$folder/commands/$node)"}:#flag$'\t'$word$'\t'*}[1]}
        fields=("${(@s:	:)line}")
        [[ -z $line || $fields[3] == - ]] || pending=$fields[3]
        ;;
      *[^a-z0-9-]*) position+=1 ;;
      *) if [[ -f $folder/commands/$node.$word ]]; then node=$node.$word; else position+=1; fi ;;
    esac
  done
  if [[ -n $pending ]]; then
    _dcs_offer $pending
    return
  fi
  lines=(${(f)"$(<$folder/commands/$node)"})
  word=$words[CURRENT]
  if [[ $word == --[^=]#=* ]]; then
    line=${${(M)lines:#flag$'\t'${word%%=*}$'\t'*}[1]}
    fields=("${(@s:	:)line}")
    compset -P '*='
    _dcs_offer ${fields[3]:-text}
    return
  fi
  local -i offered=1
  for line in $lines; do
    fields=("${(@s:	:)line}")
    case $fields[1] in
      sub) (( position > 1 )) || subs+=("$fields[2]:$fields[4]") ;;
      flag) flags+=("$fields[2]:$fields[4]") ;;
      arg) [[ $word != -* && ( $fields[2] == $position || $fields[2] == '*' ) ]] && _dcs_offer $fields[3] && offered=0 ;;
    esac
  done
  if [[ $word == -* ]]; then
    _describe -t flags 'flag' flags
    return
  fi
  (( $#subs == 0 )) || { _describe -t commands 'command' subs && offered=0 }
  return offered
}

# Where nobody called compinit yet.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _dcs dcs
