# dcs completes in PowerShell: from files that dcs keeps, without starting anything.

# The folder of the words of the dcs.yaml in use.
function global:_dcs_words_folder([string]$Folder) {
    $dir = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    $file = if ($env:DCS_CONFIG_FILE) { [IO.Path]::GetFullPath([IO.Path]::Combine($dir, $env:DCS_CONFIG_FILE)) }
    while (-not $file -and $dir) {
        $file = 'dcs.yaml', 'dcs.yml' | ForEach-Object { [IO.Path]::Combine($dir, $_) } | Where-Object { [IO.File]::Exists($_) } | Select-Object -First 1
        $git = [IO.Path]::Combine($dir, '.git')
        if ([IO.File]::Exists($git) -or [IO.Directory]::Exists($git)) { break }
        $dir = [IO.Path]::GetDirectoryName($dir)
    }
    if ($file) { [IO.Path]::Combine($Folder, 'words', $file.Replace(':', '').TrimStart('/', '\')) }
}

# What stands for a kind.
function global:_dcs_offer([string]$Kind, [string]$Folder) {
    if ($Kind -in '', '-', 'text', 'file') { return }
    if ($Kind.StartsWith('=')) { return $Kind.Substring(1).Split(',') }
    $words = _dcs_words_folder $Folder
    if (-not $words -or -not [IO.Directory]::Exists($words)) { return }
    [IO.Directory]::GetFiles($words) | Where-Object { [IO.Path]::GetFileName($_) -eq $Kind -or [IO.Path]::GetFileName($_).StartsWith("$Kind@") } |
        ForEach-Object { [IO.File]::ReadAllLines($_) } | Select-Object -Unique
}

Register-ArgumentCompleter -Native -CommandName dcs -ScriptBlock {
    param($WordToComplete, $CommandAst, $CursorPosition)
    $cache = if ($env:XDG_CACHE_HOME) { $env:XDG_CACHE_HOME } else { [IO.Path]::Combine($HOME, '.cache') }
    $folder = [IO.Path]::Combine($cache, 'dcs', 'completion')
    $read = { param($At) [IO.File]::ReadAllLines([IO.Path]::Combine($folder, 'commands', $At)) | ForEach-Object { , $_.Split("`t", 4) } }
    $there = { param($At) [IO.File]::Exists([IO.Path]::Combine($folder, 'commands', $At)) }
    if (-not (& $there 'dcs')) { return }
    $node = 'dcs'
    $position = 1
    $pending = $null
    $before = @($CommandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $CursorPosition } | ForEach-Object { $_.ToString() })
    foreach ($word in $before) {
        if ($pending) { $pending = $null; continue }
        if ($word -ceq '--') { return }
        if ($word.StartsWith('-')) {
            $flag = & $read $node | Where-Object { $_[0] -ceq 'flag' -and $_[1] -ceq $word } | Select-Object -First 1
            if ($flag -and $flag[2] -cne '-') { $pending = $flag[2] }
        } elseif ($word -cmatch '^[a-z0-9-]+$' -and (& $there "$node.$word")) { $node = "$node.$word" } else { $position++ }
    }
    $found = if ($pending) {
        _dcs_offer $pending $folder | ForEach-Object { , @($_, $_) }
    } else {
        & $read $node | ForEach-Object {
            $row = $_
            switch -CaseSensitive ($row[0]) {
                'sub' { if ($position -eq 1) { , @($row[1], $row[3]) } }
                'flag' { if ($WordToComplete.StartsWith('-')) { , @($row[1], $row[3]) } }
                'arg' { if ($row[1] -ceq '*' -or $row[1] -ceq "$position") { _dcs_offer $row[2] $folder | ForEach-Object { , @($_, $_) } } }
            }
        }
    }
    $found | Where-Object { $_[0].StartsWith($WordToComplete, [StringComparison]::Ordinal) } | ForEach-Object {
        $about = if ($_[1]) { $_[1] } else { $_[0] }
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $about)
    }
}
