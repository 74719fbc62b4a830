CREATE FUNCTION set_timestamps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.created_at := OLD.created_at;
    ELSIF NEW.created_at IS NULL THEN
        NEW.created_at := now();
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON courses
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON lessons
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON lesson_descriptions
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON lesson_assets
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON profiles
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
CREATE TRIGGER set_timestamps BEFORE INSERT OR UPDATE ON personalized_lesson_descriptions
    FOR EACH ROW EXECUTE FUNCTION set_timestamps();
