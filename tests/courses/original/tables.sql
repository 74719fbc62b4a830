-- The six tables as a site of the older system has them, written from the data model and nothing else.
CREATE TABLE courses (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    description text
);

CREATE TABLE lessons (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    course_id uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    lesson_number int NOT NULL,
    title text NOT NULL,
    summary text,
    content jsonb,
    UNIQUE (course_id, lesson_number)
);

CREATE TABLE lesson_descriptions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    lesson_id uuid NOT NULL UNIQUE REFERENCES lessons (id) ON DELETE CASCADE,
    data jsonb NOT NULL
);

CREATE TABLE lesson_assets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    lesson_id uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    asset_type text NOT NULL,
    url text NOT NULL,
    metadata jsonb
);

CREATE TABLE profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    user_identifier text NOT NULL UNIQUE,
    name text,
    course_slug text,
    survey jsonb
);

CREATE TABLE personalized_lesson_descriptions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    profile_id uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    lesson_id uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    content jsonb NOT NULL,
    UNIQUE (profile_id, lesson_id)
);
