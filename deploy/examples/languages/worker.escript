#!/usr/bin/env escript
%% A worker on a named eventfd, in Erlang: processes that receive, and none of them blocks a scheduler.
%%
%%   apt-get install erlang-base
%%   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
%%   escript worker.escript /tmp/eventfdd orders
%%   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
%%
%% It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
%% lines of its stdin and ends with it. ../README.md says what all workers do.
%%
%% A port (open_port({fd, In, Out}, ...)) is the wrong tool for an eventfd that others hold too. It reads ahead, so it takes
%% all permits of a semaphore at once. At its end it clears O_NONBLOCK for all holders. And where another holder has cleared
%% it, it blocks a scheduler when another reader is faster. So this worker reads as from a raw file, on a dirty scheduler,
%% and learns from the daemon when there is something to read. Without a daemon it looks every 100 ms.
-mode(compile).

main([Directory, Work]) ->
    Reply = Work ++ ".reply",
    Daemon = case connect(Directory) of
        {ok, Socket} -> Socket;
        {error, Reason} -> fail([Directory, ": ", inet:format_error(Reason)])
    end,
    Held = [{Name, open(Daemon, Name)} || Name <- [Work, Reply]],
    io:format("ready~n"),
    Server = spawn_link(fun() -> serve(Work, Reply, maps:from_list([{Name, file(Fd)} || {Name, Fd} <- Held])) end),
    spawn_link(fun() -> watch(Directory, Work, Server) end),
    spawn_link(fun() -> stay(Directory, Daemon, Held, Server) end),
    echo();
main(_) ->
    io:format(standard_error, "usage: worker.escript DIR NAME~n", []),
    halt(2).

echo() ->
    case io:get_line("") of
        eof -> halt(0);
        Line -> io:format("line ~s", [Line]), echo()
    end.

%% The daemon: one request a packet, each with one name and so at most one descriptor.

connect(Directory) ->
    {ok, Daemon} = socket:open(local, seqpacket, default),
    case socket:connect(Daemon, #{family => local, path => Directory ++ "/fd.sock"}) of
        ok -> {ok, Daemon};
        {error, _} = Error -> socket:close(Daemon), Error
    end.

hear(Daemon) ->
    case socket:recvmsg(Daemon, 65536, 64, [cmsg_cloexec], infinity) of
        {ok, #{iov := [Answer], ctrl := Control, flags := Flags}} when Answer =/= <<>> ->
            lists:member(ctrunc, Flags) andalso fail("too many open files: the descriptor was cut off"),
            case string:find(Answer, ":shutting-down\"") of
                nomatch -> {Answer, [Fd || #{type := rights, data := <<Fd:32/native>>} <- Control]};
                _ -> ended
            end;
        _ -> ended
    end.

fail(Problem) ->
    io:format(standard_error, "~s~n", [Problem]),
    halt(1).

open(Daemon, Name) ->
    ok = socket:send(Daemon, ["{\"op\":\"open\",\"eventfds\":[{\"name\":\"", Name, "\",\"create\":{}}]}"]),
    case hear(Daemon) of
        {_, [Fd]} -> Fd;
        {Answer, []} -> fail([Name, ": ", problem(Answer)])
    end.

%% What the daemon says of a request that it refuses; its JSON needs no parser for that.
problem(Answer) ->
    case re:run(Answer, "\"(?:detail|problem)\":\"((?:[^\"\\\\]|\\\\.)*)\"", [{capture, [1], list}]) of
        {match, [Text]} -> Text;
        nomatch -> Answer
    end.

%% Brings an eventfd back to the next daemon, as it outlived the one that it came from.
donate(Daemon, {Name, Fd}) ->
    Rights = #{level => socket, type => rights, data => <<Fd:32/native>>},
    Request = ["{\"op\":\"donate\",\"eventfds\":[{\"name\":\"", Name, "\",\"semaphore\":false}]}"],
    socket:sendmsg(Daemon, #{iov => [iolist_to_binary(Request)], ctrl => [Rights]}).

%% Waits for the end of the connection, then connects again and brings all back.
stay(Directory, Daemon, Held, Server) ->
    hear(Daemon),
    socket:close(Daemon),
    {Next, NowHeld} = again(Directory, Held, Server),
    stay(Directory, Next, NowHeld, Server).

again(Directory, Held, Server) ->
    timer:sleep(100),
    case connect(Directory) of
        {ok, Daemon} ->
            [donate(Daemon, Each) || Each <- Held],
            Answers = [hear(Daemon) || _ <- Held],
            case lists:member(ended, Answers) of
                false -> {Daemon, [settle(Each, Answer, Server) || {Each, Answer} <- lists:zip(Held, Answers)]};
                true -> socket:close(Daemon), again(Directory, Held, Server)
            end;
        {error, _} -> again(Directory, Held, Server)
    end.

settle({Name, Fd}, {Answer, Received}, Server) ->
    case {re:run(Answer, "\"result\":\"([a-z]+)\"", [{capture, [1], list}]), Received} of
        {{match, ["replaced"]}, [Other]} -> % the name leads to another eventfd by now
            Server ! {replaced, Name, Other},
            io:format("~s replaced~n", [Name]),
            {Name, Other};
        {{match, [Result]}, []} when Result =/= "refused" ->
            io:format("~s ~s~n", [Name, Result]),
            {Name, Fd};
        _ -> fail([Name, ": ", problem(Answer)])
    end.

%% The eventfds, as raw files of the process that serves them.

file(Fd) ->
    {ok, File} = prim_file:file_desc_to_ref(Fd, [read, write, raw, binary]), % not documented, and what file:open uses
    File.

serve(Work, Reply, Files) ->
    receive
        {readable, Watch} ->
            case file:read(maps:get(Work, Files), 8) of % one read(2) of 8 bytes
                {ok, <<Value:64/native>> = Bytes} ->
                    io:format("got ~b~n", [Value]),
                    ok = file:write(maps:get(Reply, Files), Bytes);
                {error, eagain} -> ok % another reader was faster
            end,
            Watch ! again,
            serve(Work, Reply, Files);
        {replaced, Name, Fd} -> % what is left on the old one goes to the new one
            #{Name := Old} = Files,
            New = file(Fd),
            case file:read(Old, 8) of
                {ok, Left} -> ok = file:write(New, Left);
                {error, eagain} -> ok
            end,
            file:close(Old),
            serve(Work, Reply, Files#{Name := New})
    end.

%% Tells the server each time that the eventfd may be readable.
watch(Directory, Name, Server) ->
    Path = ["/v1/eventfds/", Name, "/wait?timeout=30s"],
    case wait(Directory, ["GET ", Path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]) of
        {ok, {http_response, _, Status, _}} when Status < 300 -> ok;
        _ -> timer:sleep(100)
    end,
    Server ! {readable, self()},
    receive again -> watch(Directory, Name, Server) end.

wait(Directory, Request) ->
    case gen_tcp:connect({local, Directory ++ "/api.sock"}, 0, [binary, {active, false}, {packet, http_bin}]) of
        {ok, Connection} ->
            gen_tcp:send(Connection, Request),
            Answer = gen_tcp:recv(Connection, 0),
            gen_tcp:close(Connection),
            Answer;
        Error -> Error
    end.
