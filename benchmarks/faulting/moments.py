"""The steps of a worker, told by bytes that each of its statements has."""

MOMENTS = {
    "claim": b"gen_random_uuid()",
    "reserve": b"INSERT INTO model_calls",
    "settle": b"jsonb_to_recordset",
    "publish": b"INSERT INTO personalized_lesson_descriptions",
    "commit": b"COMMIT",
}
