-- People: more roles. Who was a manager before could do everything, and that is an admin now.

alter table app_user drop constraint app_user_role_check;
update app_user set role = 'admin' where role = 'manager';
alter table app_user add constraint app_user_role_check
    check (role in ('admin', 'manager', 'quality', 'planner', 'operator', 'viewer'));
