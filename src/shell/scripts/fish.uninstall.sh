functions -q _dcs_leave; and _dcs_leave
for _dcs_i in $_dcs_names _dcs_find _dcs_branch _dcs_rules _dcs_word _dcs_choose _dcs_look dcs_prompt_info _dcs_hook _dcs_define _dcs_keep _dcs_kept_now _dcs_leave _dcs_run _dcs_root _dcs_new
    functions -e $_dcs_i
end
# A prompt of yours that still asks gets nothing.
if functions fish_prompt fish_right_prompt 2>/dev/null | string match -q '*dcs_prompt_info*'
    function dcs_prompt_info
    end
end
set -e DCS_SHELL
set -e DCS_PROMPT
set -e _dcs_names
set -e _dcs_told
set -e _dcs_kept
set -e _dcs_trust
set -e _dcs_env
set -e _dcs_mark
set -e _dcs_file
set -e _dcs_git
set -e _dcs_i
