foreach ($name in @($global:_dcs_names) + '_dcs_find', '_dcs_branch', '_dcs_rules', '_dcs_word', '_dcs_choose', 'dcs_prompt_info', '_dcs_define') {
    Remove-Item -Path "function:$name" -ErrorAction Ignore
}
# A prompt of yours that still asks gets nothing.
if ("$function:prompt" -match 'dcs_prompt_info') { function global:dcs_prompt_info { } }
Remove-Item -Path env:DCS_SHELL -ErrorAction Ignore
Remove-Variable -Scope Global -Name _dcs_names -ErrorAction Ignore
