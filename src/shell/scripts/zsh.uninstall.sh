(( ! ${+functions[_dcs_leave]} )) || _dcs_leave
autoload -Uz add-zsh-hook
add-zsh-hook -d precmd _dcs_hook
() {
  emulate -L zsh
  local name=
  for name in ${=_dcs_names-} _dcs_find _dcs_branch _dcs_token _dcs_rule _dcs_choose dcs_prompt_info _dcs_hook _dcs_define _dcs_enter _dcs_keep _dcs_kept_now _dcs_leave _dcs_run _dcs_root _dcs_new \
    _dcs_where _dcs_same _dcs_pairs _dcs_read _dcs_look; do
    unfunction $name 2>/dev/null
  done
  if [[ ${(t)DCS_BRANCH_MAP} == association* && -z "${(k)DCS_BRANCH_MAP}" ]]; then unset DCS_BRANCH_MAP; fi
  # A prompt of yours that still asks gets nothing.
  if [[ ${PROMPT-}${RPROMPT-} == *dcs_prompt_info* ]]; then functions[dcs_prompt_info]=:; fi
  unset DCS_SHELL DCS_PROMPT DCS_BRANCH_PAIRS _dcs_names _dcs_told _dcs_kept _dcs_trust _dcs_map _dcs_env _dcs_mark _dcs_file _dcs_git _dcs_here
}
