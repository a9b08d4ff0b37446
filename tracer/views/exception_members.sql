-- The members of exception groups.
CREATE VIEW exception_members AS
SELECT
    -- The group: an exception.
    m.group_id AS group_id,
    -- The member's place among the others, from 0.
    m.position AS position,
    -- The member: an exception; when it is a group, the group of its own members.
    m.member_id AS member_id,
    -- Name of its type.
    e.type AS type,
    -- Its text.
    e.message AS message,
    -- Where it was raised: "FILE:LINE in FUNCTION"; NULL when it never was.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = e.raised_site_id) AS raised_at,
    -- Members that it has itself; 0 when it is no group.
    (SELECT count(*) FROM exception_member AS n WHERE n.group_id = m.member_id) AS member_count
FROM exception_member AS m LEFT JOIN exception AS e ON e.exception_id = m.member_id;
