type t

val start : root:string -> port:int -> t
(** Serves from now on, each client by a thread of its own. Port 0 stands for any that is free. *)

val port : t -> int
val wait : t -> unit
