declare -F _dcs_leave >/dev/null && _dcs_leave
if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
  for _dcs_i in "${!PROMPT_COMMAND[@]}"; do [ "${PROMPT_COMMAND[$_dcs_i]}" != _dcs_hook ] || unset "PROMPT_COMMAND[$_dcs_i]"; done
else
  PROMPT_COMMAND=${PROMPT_COMMAND-}
  PROMPT_COMMAND=${PROMPT_COMMAND/_dcs_hook;/}
  PROMPT_COMMAND=${PROMPT_COMMAND/#_dcs_hook/}
  PROMPT_COMMAND=${PROMPT_COMMAND//_dcs_hook/:}
fi
for _dcs_i in ${_dcs_names-} _dcs_find _dcs_branch _dcs_token _dcs_rule _dcs_choose dcs_prompt_info _dcs_hook _dcs_define _dcs_enter _dcs_keep _dcs_kept_now _dcs_leave _dcs_run _dcs_root _dcs_new \
  _dcs_where _dcs_same _dcs_pairs _dcs_text _dcs_read _dcs_look; do
  unset -f "$_dcs_i"
done
[ -n "${DCS_BRANCH_MAP[*]-}" ] || unset DCS_BRANCH_MAP
# A prompt of yours that still asks gets nothing.
case ${PS1-} in *dcs_prompt_info*) dcs_prompt_info() { :; } ;; esac
unset DCS_SHELL DCS_PROMPT DCS_BRANCH_PAIRS _dcs_names _dcs_told _dcs_kept _dcs_trust _dcs_map _dcs_env _dcs_mark _dcs_file _dcs_git _dcs_here _dcs_pwd _dcs_i
