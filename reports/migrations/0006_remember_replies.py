from django.db import migrations


def remember(apps, schema_editor):
    """A reply that is there counts as done, and is remembered with the version in work when it was written."""
    ReviewItem = apps.get_model("reports", "ReviewItem")
    ReviewReply = apps.get_model("reports", "ReviewReply")
    ReportVersion = apps.get_model("reports", "ReportVersion")
    for item in ReviewItem.objects.exclude(reply="").exclude(replied_by=None).iterator():
        at_work = ReportVersion.objects.filter(report=item.report_id, opened_at__lte=item.replied_at)
        version_id = at_work.order_by("-number").values_list("pk", flat=True).first() or item.version_id
        ReviewReply.objects.create(
            item=item,
            version_id=version_id,
            reply_version=1,
            text=item.reply,
            done=True,
            by_id=item.replied_by_id,
            at=item.replied_at,
        )
        item.done = True
        item.reply_version = 1
        item.save(update_fields=["done", "reply_version"])


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_replies")]
    operations = [migrations.RunPython(remember, migrations.RunPython.noop)]
