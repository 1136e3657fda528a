(* A worker on a named eventfd, in OCaml. It waits with Unix.select.

     apt-get install ocaml-nox ocaml-findlib libextunix-ocaml-dev
     eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
     ocamlfind ocamlopt -no-alias-deps -package extunix,str -linkpkg -o worker worker.ml && ./worker /tmp/eventfdd orders
     eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"

   It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
   lines of its stdin and ends with it. ../README.md says what all workers do. With Lwt, wait with Lwt_unix.wait_read, but
   read with Unix.read: Lwt's own first read of a descriptor clears O_NONBLOCK, for all holders of the eventfd. *)

let () = if Array.length Sys.argv <> 3 then (prerr_endline "usage: worker DIR NAME"; exit 2)
let names = [| Sys.argv.(2); Sys.argv.(2) ^ ".reply" |]
let held = [| None; None |] (* the descriptors: of the work, and of the reply *)
let answers = ref 0 (* that came on this connection: one for each name, in order *)

(* Connects to the daemon and asks for both names, without waiting for its answers: opens what is not held yet, and brings
   back ("donates") what is, since it outlived the daemon that it came from. A packet has one name, because extunix receives
   one descriptor with a packet. *)
let ask () =
  let daemon = Unix.socket ~cloexec:true PF_UNIX SOCK_SEQPACKET 0 in
  let send i name = ExtUnix.All.sendmsg daemon ?sendfd:held.(i) (match held.(i) with
    | None -> Printf.sprintf {|{"op":"open","eventfds":[{"name":"%s","create":{}}]}|} name
    | Some _ -> Printf.sprintf {|{"op":"donate","eventfds":[{"name":"%s","semaphore":false}]}|} name) in
  answers := 0;
  match Unix.connect daemon (ADDR_UNIX (Sys.argv.(1) ^ "/fd.sock")); Array.iteri send names with
  | () -> Some daemon
  | exception Unix.Unix_error (error, _, _) when held = [| None; None |] ->
    prerr_endline (Sys.argv.(1) ^ ": " ^ Unix.error_message error); exit 1
  | exception Unix.Unix_error _ -> Unix.close daemon; None

(* Takes what there is, its 8 bytes with one read, and does not wait: another reader may have been faster. O_NONBLOCK belongs
   to all holders of the eventfd, any of which may have cleared it, so it is set each time. *)
let take fd =
  let value = Bytes.create 8 in
  Unix.set_nonblock fd;
  match Unix.read fd value 0 8 with
  | _ -> Some value
  | exception Unix.Unix_error ((EAGAIN | EWOULDBLOCK | EINTR), _, _) -> None

let give fd value = ignore (Unix.write fd value 0 8)

(* The part of the daemon's answer that the expression finds; its JSON needs no parser for that. *)
let part expression answer =
  try ignore (Str.search_forward (Str.regexp expression) answer 0); Str.matched_group 1 answer with Not_found -> ""

let text field = part ({|"|} ^ field ^ {|":"\(\([^"\]\|\\.\)*\)"|})

(* Takes one answer of the daemon, with the descriptor that it may bring. Returns whether the connection goes on. *)
let hear daemon =
  let fd, answer = try ExtUnix.All.recvmsg_fd daemon with Unix.Unix_error _ -> None, "" in
  Option.iter Unix.set_close_on_exec fd;
  answer <> "" && part {|:\(shutting-down\)"|} answer = "" &&
  let i = !answers in
  incr answers;
  match held.(i), fd, part {|"result":"\([a-z]*\)"|} answer with
  | None, Some _, _ -> held.(i) <- fd; if i = 1 then print_endline "ready"; true
  | Some _, None, ("adopted" | "same" as result) -> print_endline (names.(i) ^ " " ^ result); true
  | Some old, Some fd, result -> (* replaced: the name leads to another eventfd, which gets what is left on the old one *)
    held.(i) <- Some fd;
    Option.iter (give fd) (take old);
    Unix.close old;
    print_endline (names.(i) ^ " " ^ result); true
  | _ -> (* a problem; or a success without its descriptor *)
    let is_cut = part {|\("created"\|"replaced"\)|} answer <> "" in
    let problem = if is_cut then "too many open files: the descriptor was cut off" else
      match text "detail" answer, text "problem" answer with "", "" -> answer | "", problem -> problem | detail, _ -> detail in
    prerr_endline (names.(i) ^ ": " ^ problem); exit 1

let rec loop daemon =
  (* Without a daemon it tries again after a pause; the work goes on meanwhile, and begins once both are open. *)
  let work = if held.(1) = None then None else held.(0) in
  let watched = Unix.stdin :: List.filter_map Fun.id [work; daemon] in
  let readable, _, _ =
    try Unix.select watched [] [] (if daemon = None then 0.1 else -1.) with Unix.Unix_error (EINTR, _, _) -> [], [], [] in
  let is_readable = function Some fd -> List.mem fd readable | None -> false in
  if is_readable work then
    Option.bind work take |> Option.iter (fun value ->
      Printf.printf "got %Lu\n%!" (Bytes.get_int64_ne value 0);
      give (Option.get held.(1)) value);
  if List.mem Unix.stdin readable then begin
    let lines = Bytes.create 4096 in
    match Unix.read Unix.stdin lines 0 4096 with
    | 0 -> exit 0
    | size -> Str.split (Str.regexp "\n") (Bytes.sub_string lines 0 size) |> List.iter (Printf.printf "line %s\n%!")
  end;
  match daemon with
  | None -> loop (ask ())
  | Some connection when is_readable daemon && not (hear connection) -> Unix.close connection; loop None
  | _ -> loop daemon

let () =
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore; (* a daemon that has ended is an error of sendmsg, no signal *)
  loop (ask ())
