$env:DCS_SHELL = 'powershell'
if (-not (Test-Path variable:global:_dcs_names)) { $global:_dcs_names = @() }

# File: the dcs.yaml that dcs would take. Git: the .git above it. Sure: false where dcs would fail, or sees another path than PowerShell.
function global:_dcs_find {
    $found = @{ File = $null; Git = $null; Sure = $true }
    $here = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    $dir = $here
    if ($env:DCS_CONFIG_FILE) {
        $found.File = [IO.Path]::GetFullPath([IO.Path]::Combine($here, $env:DCS_CONFIG_FILE))
        $dir = [IO.Path]::GetDirectoryName($found.File)
    }
    while ($dir) {
        # dcs sees the physical path, on Windows the typed one.
        if ([IO.Path]::DirectorySeparatorChar -eq '/' -and (([IO.File]::GetAttributes($dir) -band [IO.FileAttributes]::ReparsePoint) -ne 0)) {
            $found.Sure = $false
        }
        if (-not $found.File) {
            $files = @('dcs.yaml', 'dcs.yml' | ForEach-Object { [IO.Path]::Combine($dir, $_) } | Where-Object { [IO.File]::Exists($_) })
            if ($files.Count -gt 1) { $found.Sure = $false }
            if ($files.Count -gt 0) { $found.File = $files[0] }
        }
        $git = [IO.Path]::Combine($dir, '.git')
        if ([IO.File]::Exists($git) -or [IO.Directory]::Exists($git)) { $found.Git = $git; break }
        $dir = [IO.Path]::GetDirectoryName($dir)
    }
    # Without a repository dcs looks no further than the working directory.
    if (-not $env:DCS_CONFIG_FILE -and -not $found.Git -and $found.File -and [IO.Path]::GetDirectoryName($found.File) -cne $here) { $found.File = $null }
    $found
}

function global:_dcs_branch([string]$Git) {
    if (-not $Git) { return }
    $folder = $Git
    if ([IO.File]::Exists($Git)) {
        if ([IO.File]::ReadAllText($Git) -cnotmatch '(?m)^gitdir: (.+)$') { return }
        $folder = [IO.Path]::Combine([IO.Path]::GetDirectoryName($Git), $Matches[1].Trim())
    }
    $head = [IO.Path]::Combine($folder, 'HEAD')
    if ([IO.File]::Exists($head) -and [IO.File]::ReadAllText($head) -cmatch '(?m)^ref: refs/heads/(.+)$') { $Matches[1].Trim() }
}

# The rules (src/shell/rules.ts), unless dcs.yaml no longer is the text that they were made from.
function global:_dcs_rules([string]$File) {
    $state = $env:XDG_STATE_HOME
    if (-not $state -or -not [IO.Path]::IsPathRooted($state)) { $state = [IO.Path]::Combine($HOME, '.local', 'state') }
    $kept = [IO.Path]::Combine($state, 'dcs', 'shell') + [IO.Path]::DirectorySeparatorChar + $File.Replace(':', '').TrimStart('/', '\')
    if (-not [IO.File]::Exists($kept)) { return }
    $utf8 = [Text.UTF8Encoding]::new($false)
    $known = $utf8.GetString([IO.File]::ReadAllBytes($kept))
    $at = $known.IndexOf("`n---`n", [StringComparison]::Ordinal)
    if ($at -lt 0 -or $known.Substring($at + 5) -cne $utf8.GetString([IO.File]::ReadAllBytes($File))) { return }
    $lines = $known.Substring(0, $at).Split("`n")
    if ($lines[0] -ceq 'dcs shell 1') { $lines | Select-Object -Skip 1 }
}

# What a word means: field 1 for DCS_ENV, 2 for DCS_BRANCH_MAP.
function global:_dcs_word([int]$Field, [string]$Word, [string[]]$Rules) {
    foreach ($ask in @(@('word', $Word), @('kind', $Word.ToLowerInvariant()))) {
        foreach ($rule in $Rules) {
            $parts = $rule.Split(' ')
            if ($parts[0] -ceq $ask[0] -and $parts[3] -ceq $ask[1]) { return $parts[$Field] }
        }
    }
}

# `?` when only dcs itself can tell; nothing outside a project.
function global:_dcs_choose {
    $found = _dcs_find
    if (-not $found.File) { if (-not $found.Sure) { '?' }; return }
    if (-not $found.Sure) { return '?' }
    # In CI dcs asks the provider.
    foreach ($system in $env:CI, $env:GITHUB_ACTIONS, $env:GITLAB_CI, $env:CIRCLECI, $env:BUILDKITE) { if ($system -and $system -cne 'false') { return '?' } }
    $token = $null
    if ($env:DOPPLER_TOKEN -clike '*dp.st.*') {
        if ($env:DOPPLER_TOKEN -cnotmatch '^dp\.st\.([a-z0-9_-]{2,35})\.[a-zA-Z0-9]+$') { return '?' }
        $token = $Matches[1]
    }
    $rules = @(_dcs_rules $found.File)
    if ($rules.Count -eq 0) { return '?' }
    $branch = _dcs_branch $found.Git
    $mapped = $null
    if ($branch) {
        foreach ($pair in "$env:DCS_BRANCH_MAP" -split '[\s,]+') {
            $parts = $pair.Split([char[]]'=', 2)
            if ($parts.Count -eq 2 -and $parts[0] -ceq $branch) { $mapped = $parts[1]; break }
        }
    }
    $pick = $null
    if ($env:DCS_ENV) { $pick = _dcs_word 1 $env:DCS_ENV $rules }
    elseif ($token) { $pick = $rules | Where-Object { $_.StartsWith('env ') -and $_.Split(' ')[3] -ceq $token } | Select-Object -First 1 | ForEach-Object { $_.Split(' ')[1] } }
    elseif ($mapped) { $pick = _dcs_word 2 $mapped $rules }
    else {
        $pick = ($rules | Where-Object { $_.StartsWith('default ') }).Split(' ')[1]
        if ($branch) {
            foreach ($rule in $rules) {
                $parts = $rule.Split([char[]]' ', 3)
                if ($parts[0] -ceq 'branch' -and $branch -cmatch $parts[2]) { $pick = $parts[1]; break }
            }
        }
    }
    if (-not $pick -or $pick -ceq '-') { return '?' }
    $fields = ($rules | Where-Object { $_.StartsWith("env $pick ", [StringComparison]::Ordinal) } | Select-Object -First 1).Split(' ')
    if ($token -and $fields[3] -cne $token) { return '?' }
    $mark = if ($fields[2] -ceq '-') { '' } else { " $($fields[2])" }
    if ($env:DOPPLER_API_HOST -cmatch '^[a-z]+://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d*)?(/|$)') { $mark += ' SANDBOX' }
    "$pick$mark"
}

# What stands in a prompt: function prompt { "$(dcs_prompt_info)PS> " }
function global:dcs_prompt_info {
    if ($env:DCS_AUTO_ENV -ceq '0') { return }
    try { $answer = _dcs_choose } catch [IO.IOException], [UnauthorizedAccessException] { $answer = '?' }
    if ($answer) { "[dcs:$answer] " }
}

# A name that is taken stays what it was.
function global:_dcs_define([string]$Name, [scriptblock]$Body) {
    if ($global:_dcs_names -cnotcontains $Name) {
        if (Get-Command -Name $Name -ErrorAction Ignore) { return }
        $global:_dcs_names += $Name
    }
    Set-Item -Path "function:global:$Name" -Value $Body
}

_dcs_define dcss { dcs sync @args }
_dcs_define dcst { dcs status @args }
_dcs_define dcsd { dcs diff @args }
_dcs_define dcsr { if ("$($args[0])".StartsWith('-')) { dcs run @args } else { dcs run '--' @args } }
_dcs_define dcs-dev { dcs sync -e dev @args }
_dcs_define dcs-stg { dcs sync -e stg @args }
_dcs_define dcs-prd { dcs sync -e prd @args }
_dcs_define dcs-root {
    $found = _dcs_find
    if ($found.File) { Set-Location -LiteralPath ([IO.Path]::GetDirectoryName($found.File)) } else { Write-Error 'No dcs.yaml here or above.' }
}
_dcs_define dcs-context { dcs context @args }
_dcs_define dcs-init { dcs init @args }
_dcs_define dcs-hooks { if ($args.Count) { dcs hooks @args } else { dcs hooks install } }
_dcs_define dsync { dcs sync @args }
_dcs_define drun { if ("$($args[0])".StartsWith('-')) { dcs run @args } else { dcs run '--' @args } }
_dcs_define dnew {
    if (-not $args.Count) { Write-Error 'dnew FOLDER [flags of dcs init]'; return }
    $rest = @($args | Select-Object -Skip 1)
    $null = New-Item -ItemType Directory -Path $args[0] -ErrorAction Stop
    Set-Location -LiteralPath $args[0]
    dcs init @rest
}
