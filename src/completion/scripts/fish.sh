# dcs completes in fish: from files that dcs keeps, without starting anything.

function __dcs_folder
    if string match -q '/*' -- "$XDG_CACHE_HOME"
        echo $XDG_CACHE_HOME/dcs/completion
    else
        echo $HOME/.cache/dcs/completion
    end
end

# The folder of the words of the dcs.yaml in use.
function __dcs_words_folder -a folder
    set -l dir (builtin pwd -P 2>/dev/null); or return 1
    if test -n "$DCS_CONFIG_FILE"
        string match -q '/*' -- $DCS_CONFIG_FILE; and echo $folder/words$DCS_CONFIG_FILE; or echo $folder/words$dir/$DCS_CONFIG_FILE
        return
    end
    while true
        for file in $dir/dcs.yaml $dir/dcs.yml
            test -f $file; and echo $folder/words$file; and return
        end
        test -e $dir/.git -o -z "$dir"; and return 1
        set dir (string replace -r '/[^/]*$' '' -- $dir)
    end
end

# Prints what stands for a kind, before it the start of the word (`--env=`).
function __dcs_offer -a kind start folder
    switch $kind
        case - text
        case file
            __fish_complete_path (string replace -r '^.*?=' '' -- (commandline -ct)) | while read -l line
                echo $start$line
            end
        case '=*'
            for word in (string split , -- (string sub -s 2 -- $kind))
                echo $start$word
            end
        case '*'
            set -l words (__dcs_words_folder $folder); or return 0
            for file in (path filter -f -- $words/$kind $words/$kind@*)
                while read -l word
                    echo $start$word
                end <$file
            end
    end
end

# What a flag of a command takes; nothing where there is no such flag.
function __dcs_takes -a file flag
    while read -l -d \t sort word what rest
        test "$word" = "$flag"; and echo $what; and return
    end <$file
end

function __dcs_complete
    set -l folder (__dcs_folder)
    set -l node dcs
    set -l position 1
    set -l pending
    set -l current (commandline -ct)
    test -r $folder/commands/dcs; or return
    for word in (commandline -opc)[2..]
        if test -n "$pending"
            set pending
            continue
        end
        if string match -qr '^--?[^=]+=' -- $word
            continue
        else if string match -q -- '-*' $word
            set pending (__dcs_takes $folder/commands/$node $word)
            test "$pending" = -; and set pending
        else if string match -qr '^[a-z0-9-]+$' -- $word; and test -f $folder/commands/$node.$word
            set node $node.$word
        else
            set position (math $position + 1)
        end
    end
    if test -n "$pending"
        __dcs_offer $pending '' $folder
        return
    end
    if string match -qr '^--[^=]+=' -- $current
        set -l flag (string replace -r '=.*$' '' -- $current)
        __dcs_offer (__dcs_takes $folder/commands/$node $flag) $flag= $folder
        return
    end
    while read -l -d \t sort word what rest
        switch $sort
            case sub
                test $position -gt 1; or printf '%s\t%s\n' $word $rest
            case flag
                string match -q -- '-*' $current; and printf '%s\t%s\n' $word $rest
            case arg
                contains -- $word $position '*'; and __dcs_offer $what '' $folder
        end
    end <$folder/commands/$node
end

# After -- stands somebody else's command.
function __dcs_ours
    not contains -- -- (commandline -opc)
end
function __dcs_theirs
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words); or return
    complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..]) (commandline -ct))
end

complete -c dcs -e
complete -c dcs -f
complete -c dcs -n __dcs_ours -a '(__dcs_complete)'
complete -c dcs -n 'not __dcs_ours' -a '(__dcs_theirs)'
