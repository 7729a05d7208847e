val answer : root:string -> Request.t -> Response.t
(** A file below [root], or the names in a folder there. *)
